"""How strong the harness is: faults planted in a target at run time, and how many of them are found.

``operators`` are the faults that any target can be given, at the calls of its ops; ``stateful`` those of modules, optimizers and schedulers; ``declared`` those of a target that tells how its
ops are declared (kernels and derivative rules). ``plan`` picks some hundreds of them, spread over families and operators; ``score`` sets the harness on each; ``contrast`` what published comparison
rules make of the same faults; ``report`` prints and writes it all down. No file is edited: a fault lives in one forked process and dies with it.
"""
