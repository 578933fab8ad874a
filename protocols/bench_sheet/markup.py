"""The bench sheet's page: markup and style, with no logic beyond loops. Everything that a person wrote is escaped."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ plate }} · bench sheet</title>
<style>
  @page { size: A4; margin: 14mm; }
  * { box-sizing: border-box; }
  body { font: 11pt/1.4 "Helvetica Neue", Helvetica, Arial, sans-serif; color: #1a1a1a; max-width: 190mm; margin: 8mm auto; padding: 0 4mm; }
  header { border-bottom: 2px solid #1a1a1a; padding-bottom: 3mm; display: flex; justify-content: space-between; gap: 8mm; align-items: flex-end; }
  h1 { font-size: 20pt; margin: 0; } h1 + p { margin: 0; color: #444; }
  h2 { font-size: 13pt; margin: 7mm 0 2mm; border-bottom: 1px solid #bbb; break-after: avoid; }
  .who { white-space: nowrap; font-size: 10pt; line-height: 2; }
  table { border-collapse: collapse; width: 100%; font-size: 9.5pt; margin: 2mm 0; }
  th { text-align: left; border-bottom: 1.5px solid #444; padding: 1mm 2mm; vertical-align: bottom; }
  td { border-bottom: 1px solid #ddd; padding: 1mm 2mm; vertical-align: top; }
  td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
  thead { display: table-header-group; } tr { break-inside: avoid; }
  ol.steps { list-style: none; padding: 0; margin: 2mm 0; }
  ol.steps li { display: grid; grid-template-columns: 6mm 24mm 1fr; gap: 2mm; padding: 1.6mm 0; border-bottom: 1px solid #eee; break-inside: avoid; }
  .box { width: 4.4mm; height: 4.4mm; border: 1.4px solid #1a1a1a; border-radius: 1px; margin-top: .6mm; }
  .time { font-weight: 600; white-space: nowrap; }
  .moves { background: #fff4d6; box-shadow: -1.6mm 0 0 #d98e04; }
  .note { border: 1.4px solid #d98e04; background: #fffaf0; padding: 2mm 3mm; margin: 3mm 0; font-size: 10pt; break-inside: avoid; }
  .note p { margin: .6mm 0; }
  figure { margin: 3mm 0; break-inside: avoid; } figure svg { width: 100%; height: auto; max-height: 112mm; } figure.deck svg { max-height: 102mm; }
  td.place, td.wide { white-space: nowrap; }
  figcaption { font-size: 9pt; color: #555; }
  code { font: 8.5pt/1.3 "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
  .page { break-before: page; } footer { margin-top: 8mm; font-size: 9pt; color: #555; border-top: 1px solid #bbb; padding-top: 2mm; }
  @media print { body { margin: 0; padding: 0; max-width: none; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
</style>
</head>
<body>
<header>
  <div><h1>{{ plate }}</h1><p>{{ objective }}</p></div>
  <div class="who">Date&nbsp;_______________<br>Person&nbsp;_______________{% if cells %}<br>OD600 measured&nbsp;_________{% endif %}</div>
</header>
{% if notes %}<div class="note">{% for note in notes %}<p><strong>{{ note.rule }}</strong> · {{ note }}</p>{% endfor %}</div>{% endif %}
{% if conditions %}<p>Whole plate: {% for name, value in conditions.items() %}{{ name }} = {{ value }}{{ ", " if not loop.last }}{% endfor %}.</p>{% endif %}

<h2>Steps</h2>
<p>Hours count from the end of <code>setup</code>{% if cells %}, when the cells are in{% endif %}. Note the clock time there: ______ : ______</p>
<ol class="steps">
{% for step in steps %}<li{% if step.moves %} class="moves"{% endif %}><span class="box"></span><span class="time">{{ step.time }}</span><span>{{ step.text }}</span></li>
{% endfor %}</ol>

<h2>Reagents: stocks to provide</h2>
<table>
<thead><tr><th>Stock</th><th>Contains</th><th>Place</th><th class="n">Drawn</th><th class="n">Provide at least</th><th class="n">Lab file says</th><th>Used in</th><th>Keep</th></tr></thead>
<tbody>{% for stock in stocks %}<tr><td><strong>{{ stock.name }}</strong></td><td>{{ stock.contains }}</td><td class="place">{{ stock.place }}</td><td class="n">{{ stock.drawn }}</td><td class="n">{{ stock.least }}</td><td class="n">{{ stock.says }}</td><td>{{ stock.stages }}</td><td>{{ stock.keep }}</td></tr>
{% endfor %}</tbody></table>
<p>“Provide at least” is what the plate draws, all stages, and what can't be drawn from the vessel (dead volume). Tell the lab file when you provide less than it says: the robot's own ledger starts from there.</p>

<h2>Labware and tips</h2>
<table>
<thead><tr><th>What</th><th>For</th><th class="n">How much</th></tr></thead>
<tbody>{% for row in labware %}<tr><td>{{ row.what }}</td><td>{{ row.use }}</td><td class="n">{{ row.amount }}</td></tr>
{% endfor %}</tbody></table>

<section class="page">
<h2>Plate map</h2>
<figure>{{ plate_map }}<figcaption>Numbers are the ends of the experiment ids. c control, b blank, r replicate; dashed wells stay empty.</figcaption></figure>
{% for deck in decks %}
<h2>Deck for <code>{{ deck.name }}</code>{% if deck.at_h %} at {{ deck.at_h }} h{% endif %}</h2>
<figure class="deck">{{ deck.picture }}<figcaption>{{ deck.caption }}</figcaption></figure>
{% endfor %}
</section>

<section class="page">
<h2>Wells</h2>
<p>Final concentrations in {{ volume }}, as they are really reached.</p>
<table>
<thead><tr><th>Well</th><th>Experiment</th><th>Role</th>{% for name in columns %}<th class="n">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in wells %}<tr><td>{{ row.well }}</td><td>{{ row.experiment }}</td><td>{{ row.role }}</td>{% for cell in row.cells %}<td class="n">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>

{% if additions %}
<h2>Additions</h2>
<p>These wells hold less than {{ volume }} until their addition. Concentrations above are those after it.</p>
<table>
<thead><tr><th>At</th><th>Well</th><th>Experiment</th><th class="n">Holds before</th><th class="n">Added</th><th>Stock</th></tr></thead>
<tbody>{% for row in additions %}<tr><td>{{ row.at }}</td><td>{{ row.well }}</td><td>{{ row.experiment }}</td><td class="n">{{ row.before }}</td><td class="n">{{ row.added }}</td><td>{{ row.stock }}</td></tr>
{% endfor %}</tbody></table>
{% endif %}
<h2>Robot files</h2>
<table><thead><tr><th>File</th><th>SHA-256</th></tr></thead>
<tbody>{% for name, sha in files.items() %}<tr><td><code>{{ name }}.py</code></td><td><code>{{ sha }}</code></td></tr>
{% endfor %}<tr><td>all together (what an approval binds)</td><td><code>{{ whole }}</code></td></tr></tbody></table>
</section>
<footer>Written by nextwell. Every robot file was analysed by {{ engine }}; each well's composition, rebuilt from the engine's commands, equals this sheet's.</footer>
</body>
</html>
"""
