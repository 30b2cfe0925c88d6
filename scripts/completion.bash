# completion.bash: completion of mirage for bash: source it, or put it among the shell's completions
# under the name mirage. Options come from the tool's own --help, keys from the configuration.

_mirage_options() { # COMMAND: its options, those with a value end with '='
	"$1" help "$2" 2>/dev/null | sed -nE 's/^ +(-[a-z], )?(--[a-z0-9-]+)(=?).*/\2\3/p'
}

_mirage_keys() { # --greeting= ...: only where a configuration is there already
	[ -e mirage/arguments ] && "$1" query keys 2>/dev/null | sed -nE 's/^(--[^ ]+).*/\1=/p'
}

_mirage() {
	local tool=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command= words= i after=

	# '=' and ':' are words of their own to bash.
	case $word in '=') before=${COMP_WORDS[COMP_CWORD - 1]} word= ;; esac
	[ "$before" = '=' ] && before=${COMP_WORDS[COMP_CWORD - 2]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) after=yes ;;
		-*) ;;
		*) [ -n "$command" ] || command=${COMP_WORDS[i]} ;;
		esac
	done
	COMPREPLY=()
	case $command:$before in
	*:--target | *:-t) words="unix hvt spt virtio xen sim" ;;
	*:--arch) words="x86_64 aarch64" ;;
	*:--tender) words="mirage-hvt mirage-spt solo5-hvt solo5-spt" ;;
	*:--vmm) words="qemu firecracker cloud-hypervisor" ;;
	*:--machine) words="microvm pc q35" ;;
	*:--accel) words="kvm tcg" ;;
	*:--format) words="raw qcow2 gce ami iso" ;;
	*:--net) words="socket direct" ;;
	*:--kv_ro) words="crunch direct" ;;
	*:--kind | new:-k) words="http ip noip" ;;
	*:--image | *:--set-args | *:--svg | *:--file | *:-f | *:--dumpcore | sim:--trace | sim:--pcap)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	:*) words="new configure depend build run image deploy clean describe query ports toolchain sim help --version --help" ;;
	help:*) words="new configure depend build run image deploy clean describe query ports toolchain sim" ;;
	*)
		if [ -n "$after" ]; then
			words="$(_mirage_keys "$tool") --help"
		elif [[ $word == -* ]]; then
			words=$(_mirage_options "$tool" "$command")
			case $command in configure | run | image | deploy) words+=" $(_mirage_keys "$tool")" ;; esac
		elif [ "$command" = sim ]; then
			mapfile -t COMPREPLY < <(compgen -f -X '!*.scenario' -- "$word"; compgen -d -S / -- "$word")
			return
		elif [ "$command" = deploy ]; then
			words=ec2
		elif [ "$command" = ports ]; then
			words="list show build remove $("$tool" ports 2>/dev/null | cut -d ' ' -f 1)"
		elif [ "$command" = query ]; then
			words="packages modules sources files devices keys licenses facts attached hardening sizes image sbom all"
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	# What ends with '=' waits for its value.
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	return 0
}

complete -F _mirage mirage
