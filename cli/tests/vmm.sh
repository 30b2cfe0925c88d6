# vmm.sh: a tree with the target "box", whose images are the test kernel of cli/tests/kernel,
# started by a hypervisor; bash, to be sourced after tests/lib.sh.

# box_tree HYPERVISORS: made in $share, its tool in $mirage.
box_tree() {
	share=$tmp/share
	mkdir -p "$share"/{build,targets/{box,part},libc}
	for d in lib run types abi; do ln -s "$root/$d" "$share/$d"; done
	for t in unix sim; do ln -s "$root/targets/$t" "$share/targets/$t"; done
	cp "$build/mirage" "$share/build/mirage"
	mirage=$share/build/mirage
	PATH=$share/build:$PATH
	cat >"$share/targets/box/target.conf" <<-C
	target:       box
	about:        a box
	freestanding: yes
	suffix:       .box
	nets:         direct
	arch:         x86_64
	cc:           {arch}-box-cc
	hypervisor:   $1
	shares:       ../part, ../unix
	sources:      ../../run/log.c
	C
	cat >"$share/targets/part/console.device.conf" <<-'C'
	device:   box-console
	provides: CONSOLE
	type:     mir_unix_console
	object:   console
	header:   mir/unix_console.h
	targets:  box
	C
	cat >"$share/targets/part/net.device.conf" <<-'C'
	device:   box-net
	provides: NETWORK
	type:     mir_box_net
	object:   net
	header:   box_net.h
	run-interface: string "" option=net:{group} "tap device"
	run-net-mac: string "" "hardware address"
	targets:  box
	C
	cat >"$share/targets/part/block.device.conf" <<-'C'
	device:   box-block
	provides: BLOCK
	type:     mir_box_block
	object:   block
	header:   box_net.h
	when:     block=file
	run-file: string "" option=block:{group} "file that holds the disk"
	run-size: size 0 option={group}-size "its size"
	run-sector-size: int 0 option={group}-sector-size "bytes of a sector"
	targets:  box
	C
	cat >"$share/targets/part/box_net.h" <<-'C'
	#include <mir/block.h>
	#include <mir/net.h>

	struct mir_box_net_config { const char *name; };
	struct mir_box_net { struct mir_net net; };
	static inline int mir_box_net_start(struct mir_box_net *n, const struct mir_box_net_config *c)
	{
		n->net.name = c->name;
		return 0;
	}
	static inline void mir_box_net_stop(struct mir_box_net *n) { (void)n; }
	struct mir_box_block_config { const char *name; };
	struct mir_box_block { struct mir_block block; };
	static inline int mir_box_block_start(struct mir_box_block *b, const struct mir_box_block_config *c)
	{
		(void)b, (void)c;
		return 0;
	}
	static inline void mir_box_block_stop(struct mir_box_block *b) { (void)b; }
	C
	# Compiles, and for an image takes the kernel.
	cat >"$share/libc/x86_64-box-cc" <<-C
	#!/bin/bash
	case " \$* " in *" -c "* | *" --version "*) exec cc "\$@" ;; esac
	while [ "\$1" != -o ]; do shift; done
	exec "$root/cli/tests/kernel/build.sh" "\$2" "-Wl,-Map=\$2.map" \$BOX_KERNEL
	C
	chmod +x "$share"/libc/*
}

# box_app NAME LINE ...: an application with these lines in its description; the folder becomes the
# current one.
box_app() {
	local name=$1
	shift
	mkdir "$tmp/$name" && cd "$tmp/$name" || exit 1
	printf '%s\n' "$@" >"$name.conf"
	echo "int ${name}_main(const struct app *app) { (void)app; return 0; }" >"$name.c"
}

# fake PROGRAM: in PATH, prints how it was called.
fake() {
	printf '#!/bin/sh\nprintf "<%%s>" "$@"\necho\n' >"$share/build/$1"
	chmod +x "$share/build/$1"
}
