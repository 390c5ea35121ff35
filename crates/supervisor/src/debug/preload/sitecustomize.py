"""Loaded by Forge into each Python process of a process in debug mode: where debugpy is installed, the
one that runs the application waits for a debugger. The sitecustomize that this one hides runs first."""

import os
import sys


def _hidden():
    here = os.path.dirname(os.path.abspath(__file__))
    kept = list(sys.path)
    sys.path[:] = [path for path in kept if os.path.abspath(path or ".") != here]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        if ours is not None:
            sys.modules["sitecustomize"] = ours
    finally:
        sys.path[:] = kept


def _starts_only(words):
    """Whether this is a tool that starts the application, or a helper of the debugger or of Python."""
    program = os.path.basename(words[1]) if len(words) > 1 else ""
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else ""
    tools = {"pip", "pip3", "poetry", "pipenv", "pdm", "hatch", "uv", "tox", "nox", "honcho", "supervisord"}
    return (
        program in tools
        or module.split(".")[0] in tools | {"venv", "ensurepip", "debugpy"}
        or any("debugpy" in word or "pydevd" in word for word in words)
        or any(word.startswith("from multiprocessing.") for word in words)
    )


def _listen():
    host, _, port = os.environ.get("FORGE_DEBUGPY", "").rpartition(":")
    words = getattr(sys, "orig_argv", None) or [sys.executable] + list(getattr(sys, "argv", []))
    if not port or _starts_only(words):
        return
    try:
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        import debugpy
    except Exception:
        return
    try:
        debugpy.listen((host, int(port)))
    except Exception:
        return  # Another process of this application has it, and sees to its children.
    print("debugpy: a debugger can attach to " + host + ":" + port, file=sys.stderr)


try:
    _hidden()
    _listen()
except Exception as error:
    print("debug mode: " + repr(error), file=sys.stderr)
