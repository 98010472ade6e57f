"""Makes the sample licence documents from HTML. Needs weasyprint, qpdf and Noto CJK fonts.

The documents are inventions of this project; no person or organization in them exists.
"""
import subprocess
import sys
from pathlib import Path

from weasyprint import HTML

HERE = Path(__file__).parent
FONT = "font-family: 'Noto Serif CJK SC'"

LICENCE = f"""<html lang=zh><style>@page {{ size: A4 landscape; margin: 14mm }}
body {{ {FONT}; font-size: 13pt; border: 2mm double #a8824a; padding: 8mm 14mm; height: 155mm }}
h1 {{ text-align: center; font-size: 40pt; letter-spacing: .5em; margin: 4mm 0 0 }}
h2 {{ text-align: center; font-size: 13pt; font-weight: normal; margin: 0 0 8mm }}
td {{ padding: 1.6mm 4mm; vertical-align: top }} .k {{ color: #6b4e1e; white-space: nowrap }}
small {{ font-size: 8pt; color: #555 }} .foot {{ text-align: right; margin-top: 10mm }}</style>
<h1>营业执照</h1><h2>BUSINESS LICENCE（副本 Duplicate）</h2>
<table><tr><td class=k>统一社会信用代码<br><small>Unified social credit code</small><td>91990100MAEXAMPLEN
<td class=k>类型<br><small>Type</small><td>有限责任公司<br><small>Limited liability company</small>
<tr><td class=k>名称<br><small>Name</small><td>清源示例科技有限公司<br><small>Qingyuan Example Technology Co., Ltd.</small>
<td class=k>注册资本<br><small>Registered capital</small><td>伍佰万元整<br><small>CNY 5,000,000</small>
<tr><td class=k>法定代表人<br><small>Legal representative</small><td>示例人<br><small>Example Person</small>
<td class=k>成立日期<br><small>Date of establishment</small><td>2021年03月15日<br><small>15 March 2021</small>
<tr><td class=k>经营范围<br><small>Business scope</small><td colspan=3>软件开发；信息系统集成服务；数据处理和存储支持服务。（依法须经批准的项目，经相关部门批准后方可开展经营活动）<br>
<small>Software development; system integration; data processing and storage support.</small>
<tr><td class=k>住所<br><small>Address</small><td colspan=3>示例市清源区样本路1号<br><small>1 Sample Road, Qingyuan District, Example City</small></table>
<p class=foot>登记机关 <small>Registration authority</small>　示例市市场监督管理局<br>2026年03月01日</html>"""

CLAUSES = "".join(
    f"<p>第{n}条　申请人应当按照批准的内容和期限实施本项目，建设过程中应当落实环境保护、安全生产和消防的各项要求，"
    f"并在竣工后三十日内向审批机关提交验收材料。逾期未提交的，审批机关可以依法撤销本批复。<br>"
    f"<small>Article {n}. The applicant shall carry out the project as approved, fulfil all requirements of "
    f"environmental protection, work safety and fire safety, and submit the acceptance documents within "
    f"thirty days of completion.</small></p>"
    for n in ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
)
APPROVAL = f"""<html lang=zh><style>@page {{ size: A4; margin: 28mm 24mm;
@bottom-center {{ content: "— " counter(page) " / " counter(pages) " —"; {FONT}; font-size: 9pt }} }}
body {{ {FONT}; font-size: 14pt; line-height: 1.8 }} h1 {{ text-align: center; font-size: 24pt; color: #b00 }}
h2 {{ text-align: center; font-size: 17pt }} small {{ font-size: 9pt; color: #444 }}
p {{ text-align: justify; orphans: 3 }} .foot {{ text-align: right; margin-top: 18mm; break-inside: avoid }}</style>
<h1>示例市市场监督管理局文件</h1><p style="text-align:center">示市监〔2026〕18号</p>
<h2>关于清源示例科技园项目的批复<br><small>Approval of the Qingyuan Example Technology Park</small></h2>
<p>清源示例科技有限公司：你单位报送的申请材料收悉。经审查，批复如下：</p>{CLAUSES}
<p class=foot>示例市市场监督管理局<br>2026年03月01日</p></html>"""

NOTICE = f"""<html lang=zh><style>@page {{ size: A5 landscape; margin: 16mm }}
body {{ font-family: 'Noto Sans CJK SC'; font-size: 14pt; line-height: 1.9 }}
h1 {{ text-align: center; font-weight: normal; letter-spacing: .4em }} .foot {{ text-align: right; margin-top: 8mm }}</style>
<h1>受理通知书</h1><p>清源示例科技有限公司：</p>
<p>　　你公司的申请，本局予以受理。<br><small>Your application has been accepted.</small></p>
<p class=foot>示例市市场监督管理局<br>2026年03月01日</p></html>"""


def write(name: str, html: str) -> Path:
    path = HERE / name
    HTML(string=html).write_pdf(path, uncompressed_pdf=False)
    return path


def scan(path: Path) -> Path:
    """Replaces a page by a picture of itself, as a scanner does."""
    command = ["pdftoppm", "-jpeg", "-jpegopt", "quality=72", "-r", "255", "-singlefile", str(path)]
    subprocess.run([*command, str(path.with_suffix(""))], check=True)
    picture = path.with_suffix(".jpg")
    page = "<style>@page { size: A5 landscape; margin: 0 } img { width: 210mm }</style>"
    write(path.name, f"<html>{page}<img src='{picture.as_uri()}'></html>")
    picture.unlink()
    return path


def main() -> None:
    licence = write("licence.pdf", LICENCE)
    approval = write("approval.pdf", APPROVAL)
    notice = scan(write("notice.pdf", NOTICE))
    # One of each kind of cross-reference: a classic table, and a stream with object streams.
    for path, mode in [(licence, "disable"), (approval, "generate"), (notice, "disable")]:
        done = path.with_suffix(".new")
        subprocess.run(
            ["qpdf", "--deterministic-id", f"--object-streams={mode}", str(path), str(done)], check=True
        )
        done.replace(path)


if __name__ == "__main__":
    sys.exit(main())
