/*
 * main.c - dubanctl's table of verbs, its help, and the reading of options.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "remote.h"

const struct ctl_verb ctl_verbs[] = {
	{"check", "DIR", "检查一个专项行动目录（离线）", ctl_check},
	{"expand", "[--tz ZONE] FILE.ics|DIR FROM TO", "展开日历，列出每一期（离线）", ctl_expand},
	{"simulate", "DIR [--from T] [--to T] [--events FILE] [--format tsv|json|text]",
	 "用同一引擎在虚拟时间里推演，不发送任何消息（离线）", ctl_simulate},
	{"new", "DIR --from DIR --year YYYY [--name NAME]", "照一个专项行动建立另一年的（离线）",
	 ctl_new},
	{"calendar", "DIR [--month YYYY-MM] [--width N]",
	 "在终端画一个月：截止、放假和调休、值班、通报（离线）", ctl_calendar},
	{"diff", "DIR [OTHER_DIR]", "改了什么：与另一个目录（离线），或与守护进程现行的文件相比",
	 ctl_diff},
	{"template", "list | show NAME [--dir DIR] | check DIR",
	 "通知模板：列出、显示、检查一个目录里改写的（离线）", ctl_template},
	{"holidays", "import FILE… [--into DIR|holidays.ics]",
	 "把公布的年度放假表（JSON 或 CSV）并入 holidays.ics（离线）", ctl_holidays},
	{"health", "[--json]", "守护进程本身是否正常：哪里不对、自何时起、怎么办", ctl_health},
	{"status", "[--json]", "运行状况一览", ctl_status},
	{"due", "[--unit U] [--uid UID] [--standing S] [--json]", "应报事项及报送状态", ctl_list},
	{"units", "[--unit U] [--json]", "报送单位与联系人", ctl_list},
	{"notices", "[--unit U] [--uid UID] [--rid RID] [--state S] [--json]",
	 "通知：发给谁、何时、为何", ctl_list},
	{"deliveries", "[--state S] [--json]", "消息与发送记录", ctl_list},
	{"tray", "[--all] [--json] | accept ID | reject ID", "待核件：列出、收下、退掉", ctl_tray},
	{"journal", "[--max N] [--before SEQ] [--json]", "操作日志", ctl_list},
	{"roster",
	 "[--json] | import FILE.csv|xlsx [--into DIR/duty/NAME.ics] [--yes] | export "
	 "DIR/duty/NAME.ics",
	 "值班表：列出；从表格导入、导出为表格（离线）", ctl_roster},
	{"explain", "UNIT UID [RID] [--json]", "为何发了、为何没发", ctl_explain},
	{"feed", "UNIT", "一个单位（office：安委办）的日历订阅，.ics", ctl_feed},
	{"submit", "UNIT [UID [RID]] [--zero] [--received T] [--file F]… [--field k=v]… --why W",
	 "登记一份报送", ctl_submit},
	{"return", "UNIT|--all UID RID --due T --why W", "退回补正", ctl_decide},
	{"extend", "UNIT|--all UID RID --due T --why W", "准予延期", ctl_decide},
	{"refuse", "UNIT UID RID --why W", "不准延期", ctl_decide},
	{"exempt", "UNIT UID RID --why W", "准予免报", ctl_decide},
	{"undo", "UNIT UID RID --why W", "撤销免报", ctl_decide},
	{"release", "UID [RID] [--unit U] [--step S] [--why W] | --everything",
	 "签发：放行暂缓的通知", ctl_decide},
	{"pause", "[--unit U|--tag T] --why W", "暂停督办", ctl_decide},
	{"resume", "[--unit U|--tag T] [--why W]", "恢复督办", ctl_decide},
	{"clock", "[--right --why W] [--json]", "服务器时钟是否可信；核对无误后解除怀疑",
	 ctl_clock},
	{"reload", "", "重新载入专项行动文件", ctl_reload},
	{"confirm", "--why W", "确认一次较大的修改（reload 时被暂缓的）", ctl_confirm},
	{"backup", "FILE", "备份数据库", ctl_backup},
	{NULL, NULL, NULL, NULL},
};

const struct ctl_verb *ctl_verb_get(const char *name)
{
	for (const struct ctl_verb *v = ctl_verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

int ctl_fail(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("dubanctl: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	return code;
}

int ctl_usage(const char *verb)
{
	const struct ctl_verb *v = ctl_verb_get(verb);

	(void)fprintf(stderr, "用法：dubanctl %s %s\n", verb, v == NULL ? "" : v->arguments);
	return CTL_USAGE;
}

static void print_help(void)
{
	(void)printf("用法：dubanctl [--socket PATH] [--campaign NAME] VERB …\n\n"
		     "督办守护进程 duband 的命令行。离线命令只读文件；其余经控制套接字（--socket "
		     "或 DUBAN_SOCKET，\n"
		     "默认 /run/duban/control.sock）与守护进程对话。\n\n");
	for (const struct ctl_verb *v = ctl_verbs; v->name != NULL; v++)
		(void)printf("  %-12s%s\n%14s%s %s\n", v->name, v->help, "", v->name, v->arguments);
	(void)printf("\n每个命令都有 --help。手册：man dubanctl\n");
}

static void print_verb_help(const struct ctl_verb *verb, const struct ctl_option *options)
{
	(void)printf("用法：dubanctl %s %s\n\n%s。\n", verb->name, verb->arguments, verb->help);
	if (options->name != NULL)
		(void)printf("\n选项：\n");
	for (; options->name != NULL; options++) {
		g_autofree char *name =
			g_strdup_printf("--%s%s", options->name, options->flag == NULL ? " …" : "");

		(void)printf("  %-18s%s\n", name, options->help);
	}
}

static const struct ctl_option *option_get(const struct ctl_option *options, const char *name,
					   size_t n)
{
	for (; options->name != NULL; options++)
		if (strlen(options->name) == n && strncmp(options->name, name, n) == 0)
			return options;
	return NULL;
}

static int take_value(const struct ctl_verb *verb, const struct ctl_option *o, const char *value)
{
	if (value == NULL) {
		(void)ctl_fail(CTL_USAGE, "--%s 需要一个值", o->name);
		return ctl_usage(verb->name);
	}
	if (o->values != NULL)
		g_ptr_array_add(o->values, (gpointer)value);
	else
		*o->value = value;
	return 0;
}

int ctl_options(const struct ctl_verb *verb, const struct ctl_option *options, int argc,
		char **argv, int *argc_out)
{
	bool only_arguments = false;
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		const char *arg = argv[i], *equals = strchr(arg, '=');
		const struct ctl_option *o;
		int rc = 0;

		if (only_arguments || arg[0] != '-' || arg[1] == 0) {
			argv[kept++] = argv[i];
			continue;
		}
		if (strcmp(arg, "--") == 0) {
			only_arguments = true;
			continue;
		}
		if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
			print_verb_help(verb, options);
			exit(CTL_OK);
		}
		o = arg[1] != '-' ? NULL
				  : option_get(options, arg + 2,
					       equals == NULL ? strlen(arg + 2)
							      : (size_t)(equals - arg - 2));
		if (o == NULL) {
			(void)ctl_fail(CTL_USAGE, "没有选项 %s", arg);
			return ctl_usage(verb->name);
		}
		if (o->flag != NULL)
			*o->flag = true;
		else if (equals != NULL)
			rc = take_value(verb, o, equals + 1);
		else
			rc = take_value(verb, o, i + 1 < argc ? argv[++i] : NULL);
		if (rc != 0)
			return rc;
	}
	*argc_out = kept;
	return 0;
}

/* Options that every verb knows, wherever they stand. */
static int take_common(int argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		const char **value = NULL;
		const char *rest = NULL;

		if (g_str_has_prefix(argv[i], "--socket")) {
			value = &remote_socket;
			rest = argv[i] + strlen("--socket");
		} else if (g_str_has_prefix(argv[i], "--campaign")) {
			value = &remote_campaign;
			rest = argv[i] + strlen("--campaign");
		}
		if (value != NULL && rest[0] == '=')
			*value = rest + 1;
		else if (value != NULL && rest[0] == 0 && i + 1 < argc)
			*value = argv[++i];
		else
			argv[kept++] = argv[i];
	}
	return kept;
}

int ctl_main(const struct ctl_world *w, int argc, char **argv)
{
	const struct ctl_verb *verb;

	argc = take_common(argc - 1, argv + 1);
	argv++;
	if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
	    strcmp(argv[0], "help") == 0) {
		print_help();
		return argc == 0 ? CTL_USAGE : CTL_OK;
	}
	if (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-V") == 0) {
		(void)printf("dubanctl %s\n", DUBAN_VERSION);
		return CTL_OK;
	}
	verb = ctl_verb_get(argv[0]);
	if (verb == NULL) {
		(void)ctl_fail(CTL_USAGE, "没有命令 %s；dubanctl --help 列出全部命令", argv[0]);
		return CTL_USAGE;
	}
	return verb->run(w, argc, argv);
}
