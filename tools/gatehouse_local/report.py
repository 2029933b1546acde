"""Shows results: a table for the terminal, a page for the browser."""

from html import escape
from pathlib import Path
from urllib.parse import quote

from . import settings
from .auctions import Auction
from .photos import Result
from .steps import say

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatehouse: before and after</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }}
  section {{ display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; margin-bottom: 2rem; }}
  h2, section > p {{ grid-column: 1 / -1; margin: 0 0 .5rem; }}
  figure {{ margin: 0; }}
  img {{ max-width: 100%; }}
  .fault {{ color: #b00020; font-weight: bold; }}
</style>
<h1>Before and after</h1>
{sections}
</html>
"""

SECTION = """<section>
<h2>{name}</h2>
<p>{summary}</p>
<figure><a href="before/{link}"><img src="before/{link}" alt="{name} as uploaded"></a><figcaption>before</figcaption></figure>
<figure>{after}<figcaption>after</figcaption></figure>
</section>
"""


def print_table(results: list[Result]) -> None:
    """One line per photo, and one more for each thing that is wrong."""
    wide = max([len("photo"), *(len(result.name) for result in results)])
    say(f"\n{'photo':<{wide}}  faces before  faces after  milliseconds  ")
    for result in results:
        took = result.milliseconds or "-"
        mark = "WRONG" if result.faults else "ok"
        say(f"{result.name:<{wide}}  {result.faces_before:>12}  {result.faces_after:>11}  {took:>12}  {mark}")
        for fault in result.faults:
            say(f"  {fault}")
    say("(milliseconds: from the upload to the published photo, as a client sees it)\n")


def print_places(results: list[Result], served_at: str | None) -> None:
    """Where before and after lie: files, and links where a server is up."""
    for result in results:
        say(f"before  {result.before}")
        say(f"after   {result.after if result.after.exists() else 'not published'}")
        if served_at:
            say(f"        {served_at}before/{quote(result.name)}")
            say(f"        {served_at}after/{quote(result.name)}")
    say(f"\nBefore and after, side by side: {settings.OUT / 'index.html'}")
    if served_at:
        say(f"The same in the browser:        {served_at}")


def print_auctions(auctions: list[Auction]) -> None:
    """One line per bidder; only the terminal knows all amounts, since all bidders sit here."""
    for auction in auctions:
        say(f"\n{auction.rule}: auction {auction.id}")
        say(f"{'bidder':<11}{'amount':>11}  {'what they do':<22}  {'position':>8}  what they are told")
        for row in auction.rows:
            positions = ", ".join(str(receipt["position"]) for receipt in row.receipts) or "-"
            say(f"{row.bidder.name:<11}{row.amount:>11}  {row.did:<22}  {positions:>8}  {row.told}")
        say(f"the auctioneer is told the price: {auction.price}   {'WRONG' if auction.faults else 'ok'}")
        for fault in auction.faults:
            say(f"  {fault}")


def write_page(results: list[Result]) -> Path:
    """Writes `.local/out/index.html`; its links are relative, so the folder can be moved."""
    page = settings.OUT / "index.html"
    page.write_text(PAGE.format(sections="".join(_section(result) for result in results)), encoding="utf-8")
    return page


def _section(result: Result) -> str:
    name, link = escape(result.name), quote(result.name)
    summary = f"faces: {result.faces_before} before, {result.faces_after} after; {result.milliseconds} ms"
    faults = "".join(f' <span class="fault">{escape(fault)}</span>' for fault in result.faults)
    after = f'<a href="after/{link}"><img src="after/{link}" alt="{name} as published"></a>'
    if not result.after.exists():
        after = "not published"
    return SECTION.format(name=name, link=link, summary=summary + faults, after=after)
