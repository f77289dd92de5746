/*
 * email_address.c - which addresses we put on the wire.
 *
 * libcurl sends what it is given, line ends and all; so nothing that could end a command,
 * open a second address or need quoting passes here.
 */
#include <errno.h>
#include <string.h>

#include "notifiers/notifier.h"

#define ADDRESS_MAX 254
#define LOCAL_MAX 64
#define LABEL_MAX 63

/* Dots stand between other characters. */
static bool dots_between(const char *text, size_t size)
{
	if (size == 0 || text[0] == '.' || text[size - 1] == '.')
		return false;
	return memmem(text, size, "..", 2) == NULL;
}

static bool domain_valid(const char *domain)
{
	size_t label = 0;

	if (!dots_between(domain, strlen(domain)))
		return false;
	for (const char *p = domain; *p != '\0'; p++) {
		bool edge = label == 0 || p[1] == '.' || p[1] == '\0';

		if (*p == '.') {
			label = 0;
			continue;
		}
		if (!g_ascii_isalnum(*p) && (*p != '-' || edge))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return true;
}

static bool refuse(struct err *err, const char *why)
{
	(void)err_set(err, -EINVAL, "邮箱地址不可用：%s", why);
	return false;
}

bool email_address_valid(const char *address, struct err *err)
{
	const char *at = strchr(address, '@');
	size_t size = strlen(address);

	if (size == 0)
		return refuse(err, "为空");
	if (size > ADDRESS_MAX)
		return refuse(err, "超过 254 字节");
	for (const char *p = address; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x21 || c == 0x7f)
			return refuse(err, "含有空格或控制字符");
		if (c > 0x7f)
			return refuse(err, "含有中文等非 ASCII 字符");
	}
	if (strpbrk(address, "<>()[]\\,;:\"") != NULL)
		return refuse(err, "含有 <>()[]\\,;:\" 之一");
	if (at == NULL || strchr(at + 1, '@') != NULL)
		return refuse(err, "须有且只有一个 @");
	if ((size_t)(at - address) > LOCAL_MAX || !dots_between(address, (size_t)(at - address)))
		return refuse(err, "@ 前的部分为空、过长或点的位置不对");
	if (!domain_valid(at + 1))
		return refuse(err, "@ 后不是有效的域名");
	return true;
}
