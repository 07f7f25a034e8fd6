"""Plots as inline SVG: scales and ticks, axes with labels and legends, and the figures of the report.

A figure is text: the same data gives the same bytes. Colours are the page's CSS variables, so that light, dark and print each have their own; and no colour says anything that
a shape, a dash or a word does not say too.
"""
