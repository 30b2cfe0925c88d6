/* sizes.c: a linker's map, added up. */
#include <string.h>

#include <mir/test.h>

#include "../sizes.h"

static const char map[] =
    "Archive member included\n\nDiscarded input sections\n\n"
    " .text.gone     0x0000000000000000       0x99 mirage/hvt/obj/lib/tcp/tcp.o\n\n"
    "Linker script and memory map\n\n"
    "LOAD mirage/hvt/obj/main.o\n"
    "                0x0000000000100000                mir_image_start = 0x100000\n"
    ".text           0x0000000000101000     0x2000\n"
    " *(.text .text.*)\n"
    " .text          0x0000000000101000       0x10 mirage/hvt/obj/app/hello.o\n"
    " .text.tcp_input_with_a_long_name\n"
    "                0x0000000000101010      0x100 mirage/hvt/obj/lib/tcp/tcp_in.o\n"
    "                0x0000000000101010                tcp_input\n"
    " *fill*         0x0000000000101110        0x2 \n"
    " .text.loop     0x0000000000101200       0x20 mirage/hvt/obj/run/loop.o\n"
    " .text.exit     0x0000000000101220        0x4 mirage/hvt/obj/targets/hvt/exit.o\n"
    " .text.call     0x0000000000101220        0x3 mirage/hvt/obj/libc/file.o\n"
    " .text          0x0000000000101300       0x30 /a/b/libc.a(printf.lo)\n"
    ".rodata         0x0000000000103000      0x100\n"
    " .rodata        0x0000000000103000        0x8 mirage/hvt/fs/static.o\n"
    " .rodata.str1.1\n"
    "                0x0000000000103008        0x5 mirage/hvt/obj/lib/tcp/tcp_in.o\n"
    "                                          0x9 (size before relaxing)\n"
    ".data.rel.ro    0x0000000000104000        0x8\n"
    " .data.rel.ro.local\n"
    "                0x0000000000104000        0x8 mirage/hvt/obj/main.o\n"
    ".bss            0x0000000000105000     0x1000\n"
    " COMMON         0x0000000000105000        0x7 mirage/hvt/obj/ext/my-device/x.o\n"
    ".debug_info     0x0000000000000000     0x1000\n"
    " .debug_info    0x0000000000000100      0x100 mirage/hvt/obj/app/hello.o\n"
    "/DISCARD/\n"
    " .eh_frame      0x0000000000000100      0x100 mirage/hvt/obj/app/hello.o\n";

static const struct size_row *row(const struct sizes *s, const char *part)
{
	static const struct size_row none = { 0 };

	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].part, part))
			return &s->v[i];
	return &none;
}

static const char broken[] = "1 2 3 x\n-1 2 3 4 y\n1 2 3 4\n1 2 3 4 \n\n5 6 7 8 z";

static void adds_up(void)
{
	struct sizes s, again;
	struct text t = { 0 };

	sizes_read_map(map, &s);
	ok(row(&s, "application")->bytes[SIZE_CODE] == 0x10, "code, without what is not loaded");
	ok(row(&s, "tcp")->bytes[SIZE_CODE] == 0x100, "a name in a line of its own");
	ok(row(&s, "tcp")->bytes[SIZE_CONSTANT] == 5, "after relaxing");
	ok(row(&s, "runtime")->bytes[SIZE_CODE] == 0x20, "run/");
	ok(row(&s, "target hvt")->bytes[SIZE_CODE] == 4, "targets/");
	ok(row(&s, "libc")->bytes[SIZE_CODE] == 0x33, "an archive, and the folder of its name");
	ok(row(&s, "files")->bytes[SIZE_CONSTANT] == 8, "embedded files");
	ok(row(&s, "generated")->bytes[SIZE_CONSTANT] == 8, "relocated constants");
	ok(row(&s, "my-device")->bytes[SIZE_ZERO] == 7, "zeroed, of a device from outside");
	ok(s.n == 8 && str_eq(s.v[0].part, "tcp"), "the largest comes first");
	sizes_write(&s, &t);
	sizes_parse(t.s, t.len, &again);
	ok(again.n == s.n && row(&again, "target hvt")->bytes[SIZE_CODE] == 4, "written and read");
	sizes_read_map("", &s);
	ok(s.n == 0, "no map");
	sizes_parse(broken, sizeof broken - 1, &s);
	ok(s.n == 1 && str_eq(s.v[0].part, "z") && s.v[0].bytes[3] == 8,
	    "broken lines are left out");
	mem_release();
}

int main(void)
{
	RUN_PLAIN(adds_up);
	return mir_test_end();
}
