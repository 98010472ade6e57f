"""Judges reports by programs of others: JSON by its schema (jsonschema), XML by the classes that
pyHanko has of ETSI TS 119 102-2 (xsdata, nothing unknown and nothing missing), pages by axe-core in
Chromium. Prints every complaint; none is good.

    judge_reports.py SCHEMA DIRECTORY
"""

import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile

import axe_playwright_python
import jsonschema
from pyhanko.generated.etsi import ts_11910202
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

MISSING = "required"
AXE = """
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}).then(found => {
  const told = found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '));
  document.documentElement.innerHTML = '<head><title>x</title></head><body><pre id="told"></pre></body>';
  document.getElementById('told').textContent = 'TOLD' + JSON.stringify({told, passes: found.passes.length}) + 'TOLD';
});
"""


def missing(value, path):
    """Elements that the schema demands and that are not there."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            inside = getattr(value, field.name)
            if field.metadata.get(MISSING) and inside is None:
                yield f"{path}.{field.name} is missing"
            yield from missing(inside, f"{path}.{field.name}")
    elif isinstance(value, (list, tuple)):
        for number, inside in enumerate(value):
            yield from missing(inside, f"{path}[{number}]")


def judge_xml(path):
    parser = XmlParser(config=ParserConfig(fail_on_unknown_properties=True,
                                           fail_on_unknown_attributes=True,
                                           fail_on_converter_warnings=True))
    report = parser.from_bytes(path.read_bytes(), ts_11910202.ValidationReport)
    if not report.signature_validation_report:
        yield "there is no report in it"
    yield from missing(report, "report")


def judge_page(path):
    axe = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
    page = path.read_text()
    if "<script" in page:
        yield "there is a script in it"
    # What is folded is judged as well.
    page = page.replace("<details>", "<details open>")
    script = f"<script>{axe}</script><script>{AXE}</script>"
    with tempfile.TemporaryDirectory() as directory:
        judged = pathlib.Path(directory, "page.html")
        judged.write_text(page.replace("</body>", script + "</body>"))
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   f"--user-data-dir={directory}/profile", "--virtual-time-budget=60000",
                   "--dump-dom", judged.as_uri()]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    told = json.loads(answer.split("TOLD")[1])
    if told["passes"] < 10:
        yield f"axe-core looked at {told['passes']} rules only"
    yield from told["told"]


def main():
    schema, directory = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    schema = json.loads(schema.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    count = 0
    for path in sorted(directory.iterdir()):
        if path.suffix == ".json":
            complaints = [error.message for error in validator.iter_errors(json.loads(path.read_text()))]
        elif path.suffix == ".xml":
            complaints = list(judge_xml(path))
        elif path.suffix == ".html":
            complaints = list(judge_page(path))
        else:
            continue
        count += 1
        for complaint in complaints:
            print(f"{path.name}: {complaint}")
    print(f"{count} judged", file=sys.stderr)


main()
