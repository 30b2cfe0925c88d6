/* notes.h: the notes of a test image, in assembly so that an address can be in them.
 *   TARGET        of the ABI: 1 hvt, 2 spt
 *   DEVICES       lines of NET("name") and BLOCK("name")
 *   EXT, FAULT    of its note of extensions: features, handler of faults; without EXT it has none
 */
#include <mir/extension.h>
#include <mir/note.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

/* clang-format off */
#define NET(name)   ENTRY(2, name)
#define BLOCK(name) ENTRY(1, name)
#define ENTRY(type, name) \
	"8: .ascii \"" name "\"\n .fill 68 - (. - 8b), 1, 0\n .long " TEXT(type) "\n .fill 32, 1, 0\n"

__asm__(".pushsection .interp, \"a\"\n"
	".asciz \"" MIR_IMAGE_INTERP "\"\n"
	".popsection\n"
	".pushsection .note.abi, \"a\", %note\n"
	".balign 4\n"
	".long 6, 16, 0x31494241\n .asciz \"Solo5\"\n .balign 4\n"
	".long " TEXT(TARGET) ", 2, 0, 0\n"
	".popsection\n"
	".pushsection .note.manifest, \"a\", %note\n"
	".balign 8\n"
	".long 6, 7f - 6f, 0x3154464d\n .asciz \"Solo5\"\n .balign 4\n"
	"6: .long 0, 1, (7f - 5f) / 104\n"
	"5: .fill 68, 1, 0\n .long 0x40000000\n .fill 32, 1, 0\n"
	DEVICES
	"7:\n"
	".popsection\n");

#ifdef EXT
__asm__(".pushsection .note.ext, \"a\", %note\n"
	".balign 8\n"
	".long 7, 16, 0x31545845\n .asciz \"Mirage\"\n .balign 4\n"
	".long 1, " TEXT(EXT) ", " TEXT(FAULT) ", 0\n"
	".popsection\n");
#endif
/* clang-format on */
