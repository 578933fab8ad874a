"""Walls around a process that runs somebody's protocol. Self-contained, for the interpreter that has `opentrons`.

What each system lets an unprivileged process do is put up, and what was put up is told:

- everywhere: limits on CPU seconds, memory, file size, open files, no core dumps, and an audit hook that refuses to start
  programs, to open sockets and to touch files outside of the process's own folder, and tells each attempt;
- Linux: a network namespace without interfaces, and a system-call filter (seccomp) that refuses new processes, programs and
  sockets of any kind but pairs (x86-64 and aarch64);
- Linux 5.13 and later: a file-system fence (Landlock): reading where Python and the system's libraries lie, writing in the own
  folder alone.

What is not guarded against: where the kernel offers none of these (macOS), code that goes around Python's audit hooks, by
`ctypes` for instance, meets the resource limits only. Nowhere is reading of world-readable system files (`/usr`)
refused by the kernel. Code that knows nextwell can forge its own analysis: it runs in the process that answers. And timing or
hardware side channels stay open. A file that is out to harm belongs on no lab computer.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
_CLONE_THREAD = 0x00010000
# system-call numbers, from the kernel's tables: architecture as seccomp names it; refused; clone; clone3
_CALLS: dict[str, tuple[int, tuple[int, ...], int, int]] = {
    # (fork vfork) execve execveat socket connect bind listen accept ptrace kill mount io_uring_setup unshare process_vm_writev;
    # sendto stays: asyncio wakes itself through its socket pair with it
    "x86_64": (0xC000003E, (57, 58, 59, 322, 41, 42, 49, 50, 43, 101, 62, 165, 425, 272, 311), 56, 435),
    "aarch64": (0xC00000B7, (221, 281, 198, 203, 200, 201, 202, 117, 129, 40, 425, 97, 271), 220, 435),
}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ = (1 << 0) | (1 << 2) | (1 << 3)  # execute (mapping libraries), read file, read folder
_WRITE = sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))


def limit_resources(*, cpu_s: int, memory_mb: int, file_mb: int) -> list[str]:
    """Put the limits on; what the system refuses is left out of the answer."""
    done = []
    for kind, value, told in (
        ("RLIMIT_CPU", cpu_s, f"CPU {cpu_s} s"), ("RLIMIT_AS", memory_mb << 20, f"memory {memory_mb} MB"),
        ("RLIMIT_FSIZE", file_mb << 20, f"files {file_mb} MB"), ("RLIMIT_CORE", 0, "no core dumps"), ("RLIMIT_NOFILE", 256, "256 open files"),
    ):  # fmt: skip
        try:
            number = getattr(resource, kind)
            hard = resource.getrlimit(number)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))
            done.append(told)
        except (AttributeError, ValueError, OSError):
            continue
    return done


def end_with_parent() -> None:
    """Where the one who asked is gone, nobody waits for the answer: Linux then ends this process."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def cut_network() -> bool:
    """A network namespace of one's own has no interface but a loopback that is down. True where the kernel gave one."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    # as root no user namespace is needed; as anybody else it gives the right to make the other
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def fence_files(folder: Path, readable: list[str]) -> bool:
    """Landlock: nothing is readable but `readable`, nothing writable but `folder`. True where the kernel has it."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    handled = ctypes.create_string_buffer(struct.pack("=Q", _READ | _WRITE))
    rules = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    for path, rights in [(str(folder), _READ | _WRITE), *((path, _READ) for path in readable)]:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        if not Path(path).is_dir():
            rights &= (1 << 0) | (1 << 1) | (1 << 2)
        libc.syscall(_LANDLOCK_ADD, rules, 1, ctypes.create_string_buffer(struct.pack("=Qi", rights, place)), 0)
        os.close(place)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = libc.syscall(_LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)
    return bool(done == 0)


def refuse_processes() -> bool:
    """Seccomp: new processes, programs and sockets fail with "not permitted". Threads and socket pairs go on. True where it holds."""
    known = _CALLS.get(platform.machine())
    if known is None or not sys.platform.startswith("linux"):
        return False
    architecture, refused, clone, clone3 = known

    def statement(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    load, equal, has_bits, back = 0x20, 0x15, 0x45, 0x06
    program = [
        statement(load, 0, 0, 4), statement(equal, 1, 0, architecture), statement(back, 0, 0, _EPERM),
        statement(load, 0, 0, 0),
        # the x32 calls share the architecture's name and have their own numbers
        *([statement(0x35, 0, 1, 0x40000000), statement(back, 0, 0, _EPERM)] if architecture == 0xC000003E else []),
        # glibc falls back from clone3, whose flags can't be read here, to clone, whose can
        statement(equal, 0, 1, clone3), statement(back, 0, 0, _ENOSYS),
        statement(equal, 0, 4, clone), statement(load, 0, 0, 16), statement(has_bits, 0, 1, _CLONE_THREAD),
        statement(back, 0, 0, _ALLOW), statement(back, 0, 0, _EPERM),
    ]  # fmt: skip
    for call in refused:
        program += [statement(equal, 0, 1, call), statement(back, 0, 0, _EPERM)]
    program.append(statement(back, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(program))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, head, 0, 0) == 0)


_PROGRAMS = {"os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "subprocess.Popen", "pty.spawn", "os.kill", "os.killpg"}
_SOCKETS = {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg", "urllib.Request"}
_CHANGES = {
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.utime", "shutil.rmtree",
    "shutil.move", "shutil.copyfile", "os.setxattr",
}  # fmt: skip
_INNER = {"ctypes.dlopen", "ctypes.dlsym", "ctypes.call_function", "sys.setprofile", "sys.settrace", "sys._getframe_stop", "gc.get_objects"}


def watch(folder: Path, file_name: str, readable: list[str], tell: Callable[[dict[str, Any]], None]) -> None:
    """Refuse, from now on, what a protocol has no need of, and tell each attempt once: what, on what, from which line.

    Only what comes from the protocol's own code is judged: a frame of the file must be on the stack.
    """
    own = os.path.realpath(folder)
    allowed = [os.path.realpath(path) for path in readable]
    seen: set[tuple[str, str, int]] = set()
    busy = [False]
    names = (file_name, str(Path(folder) / file_name))

    def under(path: str, roots: list[str]) -> bool:
        real = os.path.realpath(path)
        return any(real == root or real.startswith(root.rstrip("/") + "/") for root in roots)

    def line_of() -> int | None:
        frame: Any = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename in names:
                return int(frame.f_lineno)
            frame = frame.f_back
        return None

    def what_of(event: str, args: tuple[Any, ...]) -> str:
        if event in _PROGRAMS:
            return "starts other programs"
        if event in _SOCKETS:
            return "opens the network"
        if event == "socket.__new__":
            # 1 is AF_UNIX, which asyncio's socket pairs are
            return "" if len(args) > 1 and args[1] == 1 else "opens the network"
        if event in _CHANGES:
            paths = [arg for arg in args if isinstance(arg, str | bytes | os.PathLike)]
            return "" if paths and all(under(os.fsdecode(path), [own]) for path in paths) else "changes files"
        if event == "open" and args and isinstance(args[0], str | bytes | os.PathLike):
            path, mode, flags = os.fsdecode(args[0]), args[1], args[2] if len(args) > 2 and isinstance(args[2], int) else 0
            writes = (isinstance(mode, str) and any(letter in mode for letter in "wax+")) or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if under(path, [own]):
                return ""
            return "writes files" if writes else "" if under(path, allowed) else "reads files"
        return "reaches around Python" if event in _INNER else ""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if busy[0] or event in ("import", "compile", "exec", "object.__getattr__"):
            return
        busy[0] = True
        try:
            what = what_of(event, args)
            line = line_of() if what else None
            if not what or line is None:
                return
            on = " ".join(str(arg)[:80] for arg in args[:2] if isinstance(arg, str | bytes | int | list | tuple | os.PathLike))[:120]
            if (what, event, line) not in seen and len(seen) < 50:
                seen.add((what, event, line))
                tell({"attempt": what, "event": event, "on": on, "line": line})
        finally:
            busy[0] = False
        raise PermissionError(f"nextwell refuses {event}: a protocol that is being checked {what}")

    sys.addaudithook(hook)
