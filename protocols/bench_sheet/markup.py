"""The bench sheet as HTML: markup and style, with no logic beyond loops. Everything that a person wrote is escaped."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ page.plate }} · bench sheet</title>
<style>
  @page { size: A4; margin: 14mm; }
  * { box-sizing: border-box; }
  body { font: 11pt/1.4 "Helvetica Neue", Helvetica, Arial, sans-serif; color: #1a1a1a; max-width: 190mm; margin: 8mm auto; padding: 0 4mm; }
  header { border-bottom: 2px solid #1a1a1a; padding-bottom: 3mm; display: flex; justify-content: space-between; gap: 8mm; align-items: flex-end; }
  h1 { font-size: 20pt; margin: 0; } h1 + p { margin: 0; color: #444; }
  h2 { font-size: 13pt; margin: 7mm 0 2mm; border-bottom: 1px solid #bbb; break-after: avoid; }
  h3 { font-size: 11pt; margin: 5mm 0 1mm; break-after: avoid; }
  .who { white-space: nowrap; font-size: 10pt; line-height: 2; }
  table { border-collapse: collapse; width: 100%; font-size: 9pt; margin: 2mm 0; }
  th { text-align: left; border-bottom: 1.5px solid #444; padding: 1mm 1.5mm; vertical-align: bottom; }
  td { border-bottom: 1px solid #ddd; padding: 1mm 1.5mm; vertical-align: top; overflow-wrap: break-word; }
  td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
  td.box { width: 6mm; }
  thead { display: table-header-group; } tr { break-inside: avoid; }
  ol.steps { list-style: none; padding: 0; margin: 2mm 0; }
  ol.steps li { display: grid; grid-template-columns: 6mm 18mm 1fr 30mm; gap: 2mm; padding: 1.6mm 0; border-bottom: 1px solid #eee; break-inside: avoid; }
  .box span, .box, .tick { display: inline-block; } .tick { width: 4.2mm; height: 4.2mm; border: 1.4px solid #1a1a1a; border-radius: 1px; vertical-align: -.6mm; }
  .time { font-weight: 600; white-space: nowrap; }
  .timer { border: 1px solid #888; border-radius: 2px; padding: 0 1.5mm; font-size: 9pt; white-space: nowrap; justify-self: end; align-self: start; }
  .moves { background: #fff4d6; box-shadow: -1.6mm 0 0 #d98e04; }
  .note { border: 1.4px solid #d98e04; background: #fffaf0; padding: 2mm 3mm; margin: 3mm 0; font-size: 10pt; break-inside: avoid; }
  .note p { margin: .6mm 0; }
  figure { margin: 3mm 0; break-inside: avoid; } figure svg { width: 100%; height: auto; max-height: 118mm; }
  figcaption { font-size: 9pt; color: #555; }
  .round figure { width: 62%; }
  .dial { display: grid; grid-template-columns: 38mm 1fr; gap: 2mm; border-bottom: 1px solid #ddd; padding: 1.2mm 0; break-inside: avoid; font-size: 10pt; }
  .dial b { white-space: nowrap; } .tip { color: #555; margin: 2mm 0 0; font-size: 9pt; border-bottom: 1px solid #444; break-after: avoid; }
  .well { display: inline-block; min-width: 15mm; white-space: nowrap; padding: .5mm 0; }
  .sign { display: grid; grid-template-columns: 30mm 1fr 12mm 40mm; gap: 3mm; margin: 7mm 0 0; align-items: end; } .sign i { border-bottom: 1px solid #1a1a1a; height: 6mm; }
  .page { break-before: page; } footer { margin-top: 8mm; font-size: 9pt; color: #555; border-top: 1px solid #bbb; padding-top: 2mm; }
  @media print { body { margin: 0; padding: 0; max-width: none; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
</style>
</head>
<body>
<header>
  <div><h1>{{ page.plate }}</h1><p>{{ page.objective }}</p></div>
  <div class="who">{% for ask in page.asks %}{{ ask }}&nbsp;_______________{% if not loop.last %}<br>{% endif %}{% endfor %}</div>
</header>
{% if page.notes %}<div class="note">{% for note in page.notes %}<p><strong>{{ note.rule }}</strong> · {{ note.text }}</p>{% endfor %}</div>{% endif %}
{% for section in page.sections %}
<section{% if section.new_page %} class="page"{% endif %}>
<h2>{{ section.title }}</h2>
{% for block in section.blocks %}{% set kind = kind_of(block) %}
{% if kind == "Paragraph" %}<p>{{ block.text }}</p>
{% elif kind == "Steps" %}<ol class="steps">
{% for step in block.steps %}<li{% if step.moves %} class="moves"{% endif %}><span class="tick"></span><span class="time">{{ step.time }}</span><span>{{ step.text }}</span>{% if step.timer %}<span class="timer">timer {{ step.timer }}</span>{% endif %}</li>
{% endfor %}</ol>
{% elif kind == "Table" %}<table>
<thead><tr>{% if block.tick %}<th></th>{% endif %}{% for column in block.columns %}<th{% if column.numeric %} class="n"{% endif %}>{{ column.name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in block.rows %}<tr>{% if block.tick %}<td class="box"><span class="tick"></span></td>{% endif %}{% for cell in row %}{% set column = block.columns[loop.index0] %}<td{% if column.numeric %} class="n"{% endif %}>{% if column.bold %}<strong>{{ cell }}</strong>{% else %}{{ cell }}{% endif %}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% elif kind == "Shown" %}<figure style="width: {{ '%g' % (100 * block.share) }}%">{{ drawn(block.picture) }}{% if block.caption %}<figcaption>{{ block.caption }}</figcaption>{% endif %}</figure>
{% elif kind == "HandRound" %}<div class="round"><h3>{{ block.title }}</h3>
{% if block.picture %}<figure>{{ drawn(block.picture) }}</figure>{% endif %}
{% for dial in block.dials %}{% if loop.first or dial.tip != loop.previtem.tip %}<p class="tip">{{ dial.tip }}</p>{% endif %}
<div class="dial"><b>{{ dial.setting }}</b><div>{% for well in dial.wells %}<span class="well"><span class="tick"></span> {{ well }}</span> {% endfor %}</div></div>
{% endfor %}</div>
{% elif kind == "Sign" %}{% for line in block.lines %}<div class="sign"><span>{{ line }}</span><i></i><span>Date</span><i></i></div>
{% endfor %}
{% endif %}{% endfor %}
</section>
{% endfor %}
<footer>{{ page.footer }}</footer>
</body>
</html>
"""
