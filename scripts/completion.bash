# Completion of dubanctl for bash.
_dubanctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' word
	local verbs='check expand simulate status due units notices deliveries tray journal roster
		explain submit return extend exempt release pause resume reload'
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		-*) ;;
		*)
			case " ${verbs//[$'\n\t']/ } " in *" $word "*) verb=$word && break ;; esac
			;;
		esac
	done
	case $prev in
	--socket | --file | --events)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'tsv json text' -- "$cur")
		return
		;;
	esac
	if [ -z "$verb" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$cur")
		return
	fi
	if [[ $cur != -* ]]; then
		case $verb in check | expand | simulate) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;; esac
		return
	fi
	local options='--campaign --socket --help'
	case $verb in
	check) options='--help' ;;
	expand) options='--tz --help' ;;
	simulate) options='--from --to --events --format --help' ;;
	status | due | units | notices | deliveries | tray | journal | roster | explain)
		options+=' --json'
		;;
	submit) options+=' --zero --received --file --field --why' ;;
	return) options+=' --due --why' ;;
	extend) options+=' --all --due --why' ;;
	exempt | pause | resume) options+=' --why' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -o filenames -F _dubanctl dubanctl
