"""The record in words: what an entry's codes mean to the person who reads it."""

from flask import current_app

from portal.registry import registry_of

ACTIONS = {
    "audit.begin": "审计链从这里开始", "audit.renew": "密钥丢失，审计链换新密钥", "audit.export": "导出审计记录",
    "accounts.sign_in": "登录", "accounts.sign_out": "退出登录", "accounts.lock": "因输错密码锁定",
    "accounts.unlock": "解锁",
    "accounts.change_password": "修改密码", "accounts.reset_password": "重设密码", "accounts.create": "新建账号",
    "accounts.edit": "修改账号", "accounts.close": "停用账号", "accounts.reopen": "恢复账号",
    "accounts.add_post": "增加岗位",
    "accounts.edit_post": "修改岗位", "accounts.end_post": "结束岗位", "accounts.switch_post": "切换岗位",
    "accounts.end_session": "退出别处的登录", "accounts.add_role": "新建角色", "accounts.change_role": "修改角色",
    "accounts.hand_work": "移交工作", "accounts.add_absence": "安排请假代理", "accounts.end_absence": "结束请假代理",
    "accounts.second_factor_on": "设动态验证码", "accounts.second_factor_off": "取消动态验证码",
    "access.denied": "没有权限被拒绝",
    "people.open": "打开居民", "people.create": "登记居民", "people.edit": "修改居民", "people.reveal": "查看完整号码",
    "people.find": "按号码查找", "people.match": "办件核对居民",
    "people.merge": "合并居民", "people.undo_merge": "撤销合并居民", "people.keep_apart": "认定是两位居民",
    "people.trace": "查看谁看过居民", "people.export": "导出居民资料", "people.erase": "删除居民资料",
    "people.refuse_erase": "拒绝删除居民资料", "people.keep_longer": "暂不清理居民资料",
    "cases.open": "打开案件", "cases.open_file": "打开附件", "cases.remove_file": "删去附件",
    "cases.print_paper": "打印文书", "cases.decide_extension": "审批延期", "cases.export_figures": "导出统计表",
    "cases.export_overdue": "导出超期清单", "cases.change_rules": "改督办规则",
    "cases.void": "作废案件", "cases.ask_check": "要求自检", "cases.hand_town": "停用平台时交县里办理",
    "org.setting": "改平台设置", "org.copy": "复制乡镇设置", "org.enable": "启用平台",
    "org.disable": "停用平台",
    "org.rule_plugin": "规定平台启用", "org.export_plugins": "导出平台启用情况",
    "instance.backup": "备份", "instance.move": "搬到 PostgreSQL",
    "org.uninstall": "卸载平台", "org.import": "导入单位",
    "org.created": "新增单位",
    "org.moved": "划转单位", "org.merged": "合并单位", "org.split": "拆分单位",
    "org.renamed": "单位改名", "org.closed": "停用单位", "org.reopened": "恢复单位",
    "calendar.set_day": "设置日期", "calendar.remove_day": "恢复日期", "calendar.load": "载入年历",
}
ROOMS = {
    "audit.": "审计", "accounts.": "账号", "access.": "权限", "people.": "居民", "cases.": "案件",
    "org.": "单位", "calendar.": "日历", "instance.": "实例",
}
RESULTS = {"ok": "成功", "fail": "失败", "denied": "拒绝"}
OBJECTS = {
    "audit": "审计记录", "check": "自检",
    "user": "账号", "post": "岗位", "role": "角色", "session": "登录", "sign_in": "登录", "permission": "权限",
    "resident": "居民", "case": "案件", "plugin": "平台", "instance": "实例", "org.unit": "单位",
    "calendar_day": "日期", "setting": "设置", "calendar_year": "年份", "order": "督办单", "rule": "督办规则",
    "figures": "统计表", "announcement": "通知公告", "job": "后台任务", "absence": "请假代理",
}
#: What the page filters by.
FILTERS = {
    "who": "谁", "unit": "单位", "action": "动作", "object_type": "对象", "object_id": "对象编号", "result": "结果",
    "address": "地址", "text": "详情里有", "since": "从", "until": "到",
}
#: Fields of details and of changes.
FIELDS = {
    "name": "账号或名称", "full_name": "姓名", "unit": "单位", "role": "角色", "title": "名称", "permissions": "权限",
    "reason": "理由", "field": "内容", "path": "网址", "until": "锁到", "barred": "正在锁定中", "index": "号码的索引",
    "hits": "找到", "file": "文件", "paper": "文书", "address": "住址", "tags": "关怀类别", "phone": "电话",
    "id_card": "身份证号",
    "expires_on": "到期日期", "valid_from": "起", "valid_to": "止", "kind": "类别", "note": "依据",
    "sessions": "退出的登录", "granted": "同意", "yellow": "变黄（%）", "red": "变红（%）",
    "orange_days": "建议橙色（天）",
    "red_days": "建议红色（天）", "escalate_days": "建议提级（天）", "auto_remind": "自动催办", "part": "范围",
    "lens": "看哪些", "colour": "颜色", "holder": "轮到谁", "place": "地点", "units": "单位数",
    "other": "另一位居民", "rows": "条数", "moved": "转移的记录", "left": "没有动的记录", "request": "请求",
    "form": "形式", "because": "不能删除的原因", "guardian": "监护人", "to": "移交给",
    "stand_in": "代理人", "since": "从", "number": "编号", "before": "此前的记录", "digest": "校验值",
    "key": "密钥编号", "lanes": "各道到几号为止用旧密钥", "plugin": "平台", "state": "状态", "q": "名称",
    "source": "照搬自", "done": "完成", "undone": "没有做", "filter": "筛选", "sha256": "SHA-256",
}


def actions() -> dict[str, str]:
    """Return the titles of all actions by name: those of the core, and those that plugins declare."""
    return ACTIONS | {action.name: action.title for action in registry_of(current_app).values("portal_actions")}


def rooms() -> dict[str, str]:
    """Return the headings under which actions are offered: the rooms of the core, and the plugins that declare any."""
    plugins = {f"{plugin.slug}.": plugin.title for plugin, _ in registry_of(current_app).collect("portal_actions")}
    return ROOMS | plugins


def titled(words: dict, code: str) -> str:
    return words.get(code, code)


def text(value) -> str:
    """Return a value of a detail as people read it."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(map(str, value))
    return str(value)
