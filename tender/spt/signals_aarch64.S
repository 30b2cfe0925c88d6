/* signals_aarch64.S: the thread that takes signals: no stack, and no memory but constants. */
#ifdef __aarch64__

#define FLAGS  0x50f00 /* CLONE_VM FS FILES SIGHAND THREAD SYSVSEM */
#define EAGAIN 11
#define STDERR 2
#define KILLED 130 /* SIGNAL_KILLED */

#define SYS_write           64
#define SYS_ppoll           73
#define SYS_exit_group      94
#define SYS_rt_sigtimedwait 137
#define SYS_clone           220

	.text

.macro ADDRESS reg, symbol
	adrp	\reg, \symbol
	add	\reg, \reg, :lo12:\symbol
.endm

/* -> w0: a signal, or an error; x2: when to give up. */
.macro TAKE
	mov	x8, SYS_rt_sigtimedwait
	ADDRESS	x0, signals_set
	mov	x1, xzr
	mov	x3, 8
	svc	0
	cmp	w0, 0
.endm

/* long signals_thread(int event, struct pollfd *, long looks, long text_len) */
	.globl	signals_thread
	.type	signals_thread, %function
signals_thread:
	stp	x19, x20, [sp, -32]!
	stp	x21, x22, [sp, 16]
	mov	w19, w0
	mov	x20, x1
	mov	w21, w2
	mov	x22, x3
	mov	x8, SYS_clone
	mov	x0, FLAGS & 0xffff
	movk	x0, FLAGS >> 16, lsl 16
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	mov	x4, xzr
	svc	0
	cbz	x0, 1f
	ldp	x21, x22, [sp, 16]
	ldp	x19, x20, [sp], 32
	ret

1:	mov	x2, xzr
	TAKE
	b.le	1b
	mov	x8, SYS_write
	mov	w0, w19
	ADDRESS	x1, signals_one
	mov	x2, 8
	svc	0

2:	ADDRESS	x2, signals_look
	TAKE
	b.gt	4f
	cmn	w0, EAGAIN
	b.ne	2b
	mov	x8, SYS_ppoll
	mov	x0, x20
	mov	x1, 1
	ADDRESS	x2, signals_zero
	mov	x3, xzr
	mov	x4, xzr
	svc	0
	cbz	w0, 3f
	subs	w21, w21, 1
	b.ne	2b
	mov	x8, SYS_write
	mov	x0, STDERR
	ADDRESS	x1, signals_text
	mov	x2, x22
	svc	0

3:	mov	x2, xzr
	TAKE
	b.le	3b
4:	mov	x8, SYS_exit_group
	mov	x0, KILLED
	svc	0
	brk	0
	.size	signals_thread, . - signals_thread

#endif
	.section .note.GNU-stack, "", %progbits
