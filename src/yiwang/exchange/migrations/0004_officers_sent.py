from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0003_site_checks_and_extensions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="returned",
            name="kind",
            field=models.CharField(
                choices=[
                    ("acknowledge", "签收"),
                    ("accept", "受理"),
                    ("correction", "要求补正"),
                    ("decline", "不予受理"),
                    ("review", "开始审查"),
                    ("special_start", "特别程序开始"),
                    ("special_end", "特别程序结束"),
                    ("hearing_notify", "告知听证"),
                    ("hearing_request", "要求听证"),
                    ("hearing_set", "通知听证的时间和地点"),
                    ("hearing_end", "听证结束"),
                    ("extension_ask", "报请延长期限"),
                    ("extension_decide", "不批准延长期限"),
                    ("site_check", "现场核查"),
                    ("officers_sent", "指派检验检测人员"),
                    ("opinion", "审查意见"),
                    ("result", "审批结果"),
                    ("dispatch", "寄出"),
                    ("delivery", "送达"),
                    ("delivery_return", "邮件退回"),
                ],
                max_length=20,
                verbose_name="内容",
            ),
        ),
    ]
