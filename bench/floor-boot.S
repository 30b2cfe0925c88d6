/* floor-boot.S: the least that a machine can start: by PVH or Multiboot, prints a line on the first
 * serial port, and ends QEMU by isa-debug-exit.
 */
	.section .note.Xen, "a", @note
	.long	4, 4, 18
	.asciz	"Xen"
	.long	entry

	.text
	.p2align 2
header:	.long	0x1badb002, 0x10003, -(0x1badb002 + 0x10003)
	.long	header, 0x100000, end, end, entry

	.code32
	.globl	entry
entry:	movl	$text, %esi
	movl	$end - text, %ecx
	movl	$0x3f8, %edx
	rep outsb
	movl	$0x501, %edx
	xorl	%eax, %eax
	outw	%ax, %dx
1:	hlt
	jmp	1b
text:	.ascii	"Hello\r\n"
end:
