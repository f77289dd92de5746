# Completion of dubanctl for bash.
_dubanctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' word
	local verbs='check expand simulate new calendar diff template holidays health status due units notices deliveries tray
		journal roster feed
		explain submit return extend refuse exempt undo release pause resume clock reload confirm backup'
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		-*) ;;
		*)
			case " ${verbs//[$'\n\t']/ } " in *" $word "*) verb=$word && break ;; esac
			;;
		esac
	done
	case $prev in
	--socket | --file | --events | --into | --from | --dir)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--standing)
		mapfile -t COMPREPLY < <(compgen -W 'open due-soon overdue missed on-time late returned
			exempt untracked' -- "$cur")
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
		case $verb in check | expand | simulate | new | calendar | diff | template | holidays | roster | backup) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;; esac
		return
	fi
	local options='--campaign --socket --help'
	case $verb in
	check) options='--help' ;;
	new) options='--from --year --name --help' ;;
	calendar) options='--month --width --help' ;;
	holidays) options='--into --help' ;;
	expand) options='--tz --help' ;;
	simulate) options='--from --to --events --format --help' ;;
	diff) options='--campaign --socket --help' ;;
	template) options='--dir --help' ;;
	roster) options+=' --json --into --tz --yes' ;;
	health | status | explain) options+=' --json' ;;
	due) options+=' --unit --uid --standing --json' ;;
	units) options+=' --unit --json' ;;
	notices) options+=' --unit --uid --rid --state --json' ;;
	deliveries) options+=' --state --json' ;;
	tray) options+=' --all --json' ;;
	journal) options+=' --max --before --json' ;;
	submit) options+=' --zero --received --file --field --why' ;;
	return | extend) options+=' --all --due --why' ;;
	refuse | exempt | undo) options+=' --why' ;;
	release) options+=' --unit --step --everything --why' ;;
	clock) options+=' --right --why --json' ;;
	pause | resume) options+=' --unit --tag --why' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -o filenames -F _dubanctl dubanctl
