"""Switches of what is recorded: no_grad, enable_grad, set_grad_enabled, inference_mode, anomaly detection, saved-tensor hooks."""

from __future__ import annotations

import functools
import inspect

from ..core.graph import thread


class _ModeSwitch:
    """A context manager and decorator (of functions and generator functions) that sets the grad mode."""

    def __init__(self, enabled: bool):
        self.wanted = enabled
        self.previous: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        mode = thread.mode
        self.previous.append((mode.enabled, mode.inference))
        mode.enabled = self.wanted

    def __exit__(self, *exception) -> None:
        mode = thread.mode
        mode.enabled, mode.inference = self.previous.pop()

    def clone(self) -> _ModeSwitch:
        """A fresh switch of the same kind, one per decorated call."""
        raise NotImplementedError

    def __call__(self, function):
        if inspect.isclass(function):
            function.__init__ = self(function.__init__)
            return function
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)

        @functools.wraps(function)
        def switched(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return switched

    def _wrap_generator(self, function):
        # The mode holds inside the generator's body, not in whoever consumes it: it is entered anew around each step.
        @functools.wraps(function)
        def stepped(*args, **kwargs):
            generator = function(*args, **kwargs)
            try:
                with self.clone():
                    response = generator.send(None)
                while True:
                    try:
                        request = yield response
                    except GeneratorExit:
                        with self.clone():
                            generator.close()
                        raise
                    except BaseException as error:
                        with self.clone():
                            response = generator.throw(error)
                    else:
                        with self.clone():
                            response = generator.send(request)
            except StopIteration as stop:
                return stop.value

        return stepped


class no_grad(_ModeSwitch):
    """Nothing inside is recorded: ``with no_grad(): ...`` or ``@no_grad()``."""

    def __new__(cls, function=None):
        return cls()(function) if function is not None else super().__new__(cls)

    def __init__(self, function=None):
        super().__init__(False)

    def clone(self) -> no_grad:
        return no_grad()


class enable_grad(_ModeSwitch):
    """Recording inside is on, also within ``no_grad``."""

    def __new__(cls, function=None):
        return cls()(function) if function is not None else super().__new__(cls)

    def __init__(self, function=None):
        super().__init__(True)

    def clone(self) -> enable_grad:
        return enable_grad()


class set_grad_enabled(_ModeSwitch):
    """Turn recording on or off at once; as a context manager, until its end."""

    def __init__(self, mode: bool):
        super().__init__(bool(mode))
        self.before = thread.mode.enabled
        thread.mode.enabled = self.wanted

    def __enter__(self) -> None:
        self.previous.append((self.before, thread.mode.inference))
        thread.mode.enabled = self.wanted

    def clone(self) -> set_grad_enabled:
        return set_grad_enabled(self.wanted)

    def __call__(self, function):
        thread.mode.enabled = self.before
        return super().__call__(function)


class inference_mode(_ModeSwitch):
    """Like ``no_grad``, and says so (``is_inference_mode_enabled``); ``inference_mode(False)`` leaves it.

    A tensor made inside is an ordinary tensor. PyTorch marks it, to spare its version counter, and refuses it in recorded computations; here
    the counter costs nothing until somebody asks for it, so there is nothing to spare and nothing to refuse.
    """

    def __new__(cls, mode=True):
        return super().__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: bool = True):
        super().__init__(not mode)
        self.inference = mode

    def __enter__(self) -> None:
        super().__enter__()
        thread.mode.inference = self.inference

    def clone(self) -> inference_mode:
        return inference_mode(self.inference)


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return thread.mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether ``inference_mode`` is on."""
    return thread.mode.inference


class set_detect_anomaly:
    """Anomaly mode: nodes remember where they were recorded, and a NaN gradient raises (``check_nan``)."""

    def __init__(self, mode: bool, check_nan: bool = True):
        current = thread.mode
        self.previous = (current.anomaly, current.check_nan)
        current.anomaly, current.check_nan = bool(mode), check_nan
        current.refresh()

    def __enter__(self) -> None:
        """It is on since it was made."""

    def __exit__(self, *exception) -> None:
        current = thread.mode
        current.anomaly, current.check_nan = self.previous
        current.refresh()


class detect_anomaly(set_detect_anomaly):
    """``with detect_anomaly(): ...`` finds the operation whose gradient becomes NaN."""

    def __init__(self, check_nan: bool = True):
        super().__init__(True, check_nan)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return thread.mode.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode looks for NaN."""
    return thread.mode.check_nan


class saved_tensors_hooks:
    """Inside, every tensor saved for backward is stored as ``pack_hook(tensor)`` and restored by ``unpack_hook``."""

    def __init__(self, pack_hook, unpack_hook):
        self.pair = (pack_hook, unpack_hook)

    def __enter__(self) -> None:
        if thread.mode.hooks_refused is not None:
            raise RuntimeError(thread.mode.hooks_refused)
        thread.mode.saved_hooks.append(self.pair)
        thread.mode.refresh()

    def __exit__(self, *exception) -> None:
        thread.mode.saved_hooks.pop()
        thread.mode.refresh()


class disable_saved_tensors_hooks:
    """Inside, saved-tensor hooks are refused: RuntimeError with ``error_message`` where they are set, or are already."""

    def __init__(self, error_message: str):
        self.message = error_message
        self.before: list[str | None] = []

    def __enter__(self) -> None:
        if thread.mode.saved_hooks:
            raise RuntimeError(self.message)
        self.before.append(thread.mode.hooks_refused)
        thread.mode.hooks_refused = self.message

    def __exit__(self, *exception) -> None:
        thread.mode.hooks_refused = self.before.pop()

    def __call__(self, function):
        @functools.wraps(function)
        def refusing(*args, **kwargs):
            with disable_saved_tensors_hooks(self.message):
                return function(*args, **kwargs)

        return refusing


class save_on_cpu(saved_tensors_hooks):
    """Saved tensors wait in host memory until backward needs them."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda tensor: (tensor.device, tensor.cpu()), lambda packed: packed[1].to(packed[0]))
