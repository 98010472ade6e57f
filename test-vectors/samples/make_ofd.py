"""Makes licence.ofd: one page of a business licence 营业执照 (GB/T 33190), text with an embedded
subset of Noto Serif CJK. Needs fonttools and the font:

    python3 make_ofd.py /usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc
"""
import io
import sys
import zipfile
from pathlib import Path

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
WIDE, HIGH = 297, 210
# x of the left end, y of the baseline, size in millimetres, text
LINES = [
    (98.5, 52, 20, "营业执照"),
    (30, 78, 6, "统一社会信用代码　91990101MAEXAMPL5D"),
    (30, 92, 6, "名　　称　示例茶馆有限公司"),
    (30, 106, 6, "类　　型　有限责任公司"),
    (30, 120, 6, "法定代表人　示例人"),
    (30, 134, 6, "经营范围　茶水服务；食品销售。"),
    (160, 92, 6, "注册资本　壹拾万元整"),
    (160, 106, 6, "成立日期　二〇二六年三月一日"),
    (160, 120, 6, "住　　所　示例市示例路一号"),
    (160, 168, 7, "登记机关　示例市市场监督管理局"),
    (190, 182, 7, "二〇二六年三月一日"),
]


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def font(path, text):
    options = subset.Options(drop_tables=["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx"],
                             name_IDs=[1, 2, 4, 6], hinting=False, notdef_outline=True)
    loaded = TTFont(path, fontNumber=2, recalcTimestamp=False)  # 2: Simplified Chinese
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(loaded)
    to_truetype(loaded)
    out = io.BytesIO()
    loaded.save(out)
    return out.getvalue()


def to_truetype(loaded):
    """Cubic outlines as quadratic ones: some readers of OFD know no others."""
    glyphs, order = loaded.getGlyphSet(), loaded.getGlyphOrder()
    drawn = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        drawn[name] = pen.glyph()
    table = loaded["glyf"] = newTable("glyf")
    table.glyphOrder, table.glyphs = order, drawn
    loaded["loca"] = newTable("loca")
    del loaded["CFF "]
    maxp = loaded["maxp"]
    maxp.tableVersion = 0x00010000
    for name in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs",
                 "maxStackElements", "maxSizeOfInstructions", "maxComponentElements"):
        setattr(maxp, name, 1 if name == "maxZones" else 0)
    for name in order:
        table[name].recalcBounds(table)
        loaded["hmtx"][name] = (loaded["hmtx"][name][0], getattr(table[name], "xMin", 0))
    loaded["post"].formatType = 2.0
    loaded["post"].extraNames, loaded["post"].mapping = [], {}
    loaded.sfntVersion = "\x00\x01\x00\x00"


def advance(character, size):
    return round(size * (0.55 if character.isascii() else 1.0), 3)


def text_object(number, x, y, size, text):
    steps = [advance(c, size) for c in text]
    delta = " ".join(f"{step:g}" for step in steps[:-1])
    return (f'<ofd:TextObject ID="{number}" Font="3" Size="{size}" '
            f'Boundary="{x:g} {y - size:g} {sum(steps):g} {size * 1.3:g}">'
            f'<ofd:TextCode X="0" Y="{size:g}" DeltaX="{delta}">{escape(text)}</ofd:TextCode>'
            f"</ofd:TextObject>")


def path_object(number, x, y, wide, high, line):
    return (f'<ofd:PathObject ID="{number}" Boundary="{x} {y} {wide} {high}" LineWidth="{line}">'
            f'<ofd:StrokeColor Value="160 120 40"/><ofd:AbbreviatedData>M 0 0 L {wide} 0 L {wide} {high} '
            f"L 0 {high} C</ofd:AbbreviatedData></ofd:PathObject>")


def main(source):
    objects = [path_object(10, 10, 10, 277, 190, 1.2), path_object(11, 13, 13, 271, 184, 0.35)]
    objects += [text_object(20 + n, *line) for n, line in enumerate(LINES)]
    text = "".join(line[3] for line in LINES)
    parts = {
        "OFD.xml": f'<ofd:OFD {NS} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
                   "<ofd:DocID>5ea1000000000000000000000000cafe</ofd:DocID><ofd:Title>营业执照</ofd:Title>"
                   "<ofd:CreationDate>2026-03-01</ofd:CreationDate><ofd:Creator>Sealwright</ofd:Creator>"
                   "</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {NS}><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID>"
                              f"<ofd:PageArea><ofd:PhysicalBox>0 0 {WIDE} {HIGH}</ofd:PhysicalBox></ofd:PageArea>"
                              "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>"
                              '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
                              "</ofd:Document>",
        "Doc_0/PublicRes.xml": f'<ofd:Res {NS} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" '
                               'FontName="Noto Serif CJK SC" FamilyName="Noto Serif CJK SC" Charset="unicode">'
                               "<ofd:FontFile>font_3.ttf</ofd:FontFile></ofd:Font></ofd:Fonts></ofd:Res>",
        "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {NS}><ofd:Content>"
                                          f'<ofd:Layer ID="2">{"".join(objects)}</ofd:Layer>'
                                          "</ofd:Content></ofd:Page>",
    }
    with zipfile.ZipFile(Path(__file__).with_name("licence.ofd"), "w") as out:
        def add(name, content):
            entry = zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, content)
        for name, content in parts.items():
            add(name, HEAD + content)
        add("Doc_0/Res/font_3.ttf", font(source, text))


main(sys.argv[1])
