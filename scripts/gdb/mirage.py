# mirage.py: what gdb has to know of an image: where its sources are, its fibers and its timers.
#
#     gdb -x mirage.py dist/NAME.spt.debug
#
# `help mirage` lists the commands. They read memory and change nothing, so that they work alike on
# a running image of every target, under gdb or behind a tender, and on a core file.
import os

import gdb
from gdb.unwinder import Unwinder, register_unwinder

SHARE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOST = 100000  # fibers, timers, queue members: a damaged list ends

# What a suspended fiber has on its stack (run/switch_CPU.S): register and offset, and how many
# bytes all of it is.
SAVED = {
    "i386:x86-64": ({"r15": 0, "r14": 8, "r13": 16, "r12": 24, "rbx": 32, "rbp": 40, "rip": 48},
                    "rsp", "rip", 56),
    "aarch64": ({**{"x%d" % n: 8 * (n - 19) for n in range(19, 31)}, "pc": 88}, "sp", "pc", 160),
}
# The ways into the scheduler; who called them is where a fiber is.
WAITS = {"mir_switch", "go", "suspend", "mir_wait", "mir_sleep_until", "mir_sleep", "mir_yield",
         "mir_join"}


def file_static(function, name):
    """The static variable of the file that has the function."""
    symbol = gdb.lookup_global_symbol(function)
    if symbol is None:
        raise gdb.GdbError("no symbols of an image: gdb needs dist/NAME.debug, dist/NAME.spt.debug or "
                           "dist/NAME.hvt.debug")
    for s in symbol.symtab.static_block():
        if s.name == name:
            return s.value()
    raise gdb.GdbError("%s() is there, but not the variable '%s' beside it" % (function, name))


def scheduler():
    return file_static("mir_fiber_spawn_main", "s")


def wheel():
    return file_static("mir_timers_run", "wheel")


def text(pointer):
    try:
        return pointer.string()
    except gdb.error:
        return "?"


def symbol_at(address):
    """'gate', 'table+8', or the bare address."""
    said = gdb.execute("info symbol %#x" % address, to_string=True)
    if said.startswith("No symbol"):
        return "%#x" % address
    return said.split(" in section")[0].replace(" + ", "+")


def seconds(ns):
    return "%.3f s" % (ns / 1e9)


def now_ns():
    """The time of the wheel: that of the loop's last turn."""
    return int(wheel()["tick"]) << 10


# ---- contexts: fibers, and the event loop, which is one as well ----


class Context:
    def __init__(self, number, name, sp, fiber, current):
        self.number, self.name, self.sp = number, name, sp
        self.fiber, self.current = fiber, current

    def state(self):
        if self.current:
            return "running"
        if self.fiber is None:
            return "waiting"
        says = ("ready", "waiting", "sleeping", "ended")
        n = int(self.fiber["state"])
        return says[n] if n < len(says) else "?"

    def waits_for(self):
        if self.current or self.fiber is None:
            return ""
        said, state = [], self.state()
        queue = int(self.fiber["waiter"]["queue"])
        if state == "waiting" and queue:
            said.append("on " + symbol_at(queue))
        if int(self.fiber["timer"]["prev"]):
            left = int(self.fiber["timer"]["deadline"]) - now_ns()
            said.append(("for " if state == "sleeping" else "at most ") + seconds(left))
        if self.fiber["cancelled"]:
            said.append("cancelled")
        return ", ".join(said)


def contexts():
    s = scheduler()
    current, found = int(s["current"]), []
    if current and int(s["loop_sp"]):
        found.append(Context(0, "(event loop)", int(s["loop_sp"]), None, False))
    elif not current:
        found.append(Context(0, "(event loop)", 0, None, True))
    f, n = s["all"], 0
    while int(f) and n < MOST:
        found.append(Context(0, text(f["name"]), int(f["sp"]), f, int(f) == current))
        f, n = f["all_next"], n + 1
    found.reverse()  # in the order in which they started
    for n, c in enumerate(found):
        c.number = 0 if c.fiber is None else n + 1
    return found


class Switched(Unwinder):
    """While a context is chosen, the caller of the newest frame is where that context stands: all
    of gdb's commands for frames work there, and no register is written."""

    def __init__(self):
        super().__init__("mirage fibers")
        self.context = None

    def __call__(self, pending):
        if self.context is None or pending.level() != 0:
            return None
        saved = SAVED.get(pending.architecture().name())
        if saved is None:
            return None
        registers, sp_name, pc_name, size = saved
        sp = self.context.sp
        word = gdb.lookup_type("unsigned long")
        # Not the frame's own place: frames have to lie one above the other.
        below = gdb.Value(sp - 16).cast(word)
        info = pending.create_unwind_info(FrameId(below, pending.read_register(pc_name)))
        for name, offset in registers.items():
            info.add_saved_register(name, gdb.Value(sp + offset).cast(word.pointer()).dereference())
        info.add_saved_register(sp_name, gdb.Value(sp + size).cast(word))
        return info

    def choose(self, context):
        self.context = None if context is None or context.current else context
        gdb.invalidate_cached_frames()


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


switched = Switched()


def frames(context):
    """Its frames, innermost first."""
    switched.choose(context)
    f, n = gdb.newest_frame(), 0
    if switched.context is not None:
        f = f.older()
    while f is not None and f.is_valid() and n < 64 and f.pc() != 0:
        yield f
        f, n = f.older(), n + 1


def line_of(frame):
    """As gdb's own backtrace has it, without its number."""
    frame.select()
    said = gdb.execute("frame", to_string=True).splitlines()[0]
    return said.split(None, 1)[1].strip()


def place(context):
    for f in frames(context):
        if f.name() in WAITS and not context.current:
            continue
        if f.name() == "fiber_main" and context.fiber is not None:
            return symbol_at(int(context.fiber["fn"]))  # it ended in a jump, or has not begun
        sal = f.find_sal()
        where = f.name() or "%#x" % f.pc()
        return where + (" at %s:%d" % (sal.symtab.filename, sal.line) if sal.symtab else "")
    return "?"


def one_of(wanted):
    for c in contexts():
        if wanted in (c.name, str(c.number), "%s#%d" % (c.name, c.number)):
            return c
    raise gdb.GdbError("no fiber '%s': 'mirage fibers' lists them" % wanted)


def select(level):
    """Without saying it, as the command `frame` would."""
    f = gdb.newest_frame()
    while level > 0 and f.older() is not None:
        f, level = f.older(), level - 1
    f.select()


class Undisturbed:
    """What is looked at meanwhile is not what stays selected."""

    def __enter__(self):
        self.context = switched.context
        try:
            self.level = gdb.selected_frame().level()
        except gdb.error:
            raise gdb.GdbError("no image: 'target remote', 'run' or a core file come first")

    def __exit__(self, *_):
        switched.choose(self.context)
        select(self.level)


# ---- commands ----


class Mirage(gdb.Command):
    """Fibers and timers of an image: mirage fibers, fiber, bt-all, timers."""

    def __init__(self):
        super().__init__("mirage", gdb.COMMAND_STATUS, prefix=True)


class Fibers(gdb.Command):
    """Lists all fibers: number, name, state, what each waits for and where.
The event loop is number 0; a star marks what runs, an arrow what `mirage fiber` chose."""

    def __init__(self):
        super().__init__("mirage fibers", gdb.COMMAND_STATUS)

    def invoke(self, arg, from_tty):
        with Undisturbed() as _:
            chosen = switched.context.number if switched.context else None
            for c in contexts():
                mark = "*" if c.current else ">" if c.number == chosen else " "
                waits = c.waits_for()
                gdb.write("%s %3d  %-20s %s%s, in %s\n" % (
                    mark, c.number, c.name, c.state(), " " + waits if waits else "", place(c)))


class Fiber(gdb.Command):
    """mirage fiber NUMBER or NAME: chooses a fiber for backtrace, frame, up, print, info locals.
Frame 0 stays where the processor is; the fiber's frames follow it. Without an argument, or once
the image goes on, it is the running one again."""

    def __init__(self):
        super().__init__("mirage fiber", gdb.COMMAND_STATUS)

    def invoke(self, arg, from_tty):
        wanted = arg.strip()
        with Undisturbed() as _:
            context = one_of(wanted) if wanted else None
        switched.choose(context)
        if switched.context is None:
            gdb.execute("frame 0")
            return
        gdb.write("fiber %s: %s %s\n" % (context.name, context.state(), context.waits_for()))
        level = 0
        for f in frames(context):
            if f.name() in ("fiber_main", "begin") and level > 0:
                break
            level = f.level()
            if f.name() not in WAITS:
                break
        gdb.execute("frame %d" % level)


class BacktraceAll(gdb.Command):
    """Backtraces of all fibers and of the event loop."""

    def __init__(self):
        super().__init__("mirage bt-all", gdb.COMMAND_STACK)

    def invoke(self, arg, from_tty):
        with Undisturbed() as _:
            for c in contexts():
                gdb.write("%s %d: %s %s\n" % (c.name, c.number, c.state(), c.waits_for()))
                for n, f in enumerate(frames(c)):
                    gdb.write("  #%-2d %s\n" % (n, line_of(f)))


class Timers(gdb.Command):
    """Lists all timers that are set, the next first: when, and what they call."""

    def __init__(self):
        super().__init__("mirage timers", gdb.COMMAND_STATUS)

    def invoke(self, arg, from_tty):
        w, now, found = wheel(), now_ns(), []
        lists = [w["due"]]
        levels = w["slot"].type.range()[1] + 1
        for level in range(levels):
            slots = w["slot"][level]
            lists += [slots[n] for n in range(slots.type.range()[1] + 1)]
        for t in lists:
            while int(t) and len(found) < MOST:
                found.append(t)
                t = t["next"]
        owners = {int(c.fiber["timer"].address): c.name for c in contexts() if c.fiber is not None}
        for t in sorted(found, key=lambda t: int(t["deadline"])):
            owner = owners.get(int(t))
            gdb.write("%14s  %s\n" % (
                seconds(int(t["deadline"]) - now),
                "fiber " + owner if owner else "%s of %s" % (
                    symbol_at(int(t["fire"])), symbol_at(int(t)))))
        if not found:
            gdb.write("no timer is set\n")


def setup():
    register_unwinder(None, switched, replace=True)
    gdb.events.cont.connect(lambda _: switched.choose(None))
    for command in (Mirage, Fibers, Fiber, BacktraceAll, Timers):
        command()
    if gdb.lookup_global_symbol("mir_guest_start"):  # sealed: there are no shared libraries
        gdb.execute("set sysroot /")
    # Images name their sources from the share folder; of their own folder they are the rest.
    for folder in ("abi", "lib", "libc", "run", "targets", "types"):
        gdb.execute("set substitute-path mirage/%s %s/%s" % (folder, SHARE, folder))


setup()
