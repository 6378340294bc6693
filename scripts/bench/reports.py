"""The quarter's report: its SQL beside one GROUPING SETS, its PDF beside WeasyPrint by itself."""

import time
from datetime import datetime
from typing import Any

import weasyprint
from django.template.loader import render_to_string

from bench.plans import Cost, cost, cost_of
from bench.results import Findings, compare
from common import pdf
from ncm.reports import formats
from ncm.reports.periods import Quarter
from ncm.reports.quarterly import TREND, figures
from ncm.reports.quarterly_report import QuarterlyReport

_TABLES = """
    SELECT GROUPING(r.responder_type, o.name, r.exploitation, r.age_at_exploitation, r.gender,
                    r.nationalities),
           r.responder_type, o.name, r.exploitation, r.age_at_exploitation, r.gender,
           r.nationalities, count(*), count(*) FILTER (WHERE r.origin = 'historical')
    FROM referrals_referral r JOIN partners_organisation o ON o.id = r.first_responder_id
    WHERE r.received_on BETWEEN %(first)s AND %(last)s AND r.basis <> 'notified'
    GROUP BY GROUPING SETS (
        (r.responder_type), (o.name), (r.exploitation), (r.age_at_exploitation), (r.gender),
        (r.nationalities), (r.age_at_exploitation, r.exploitation),
        (r.age_at_exploitation, r.gender), (r.responder_type, r.nationalities),
        (r.responder_type, r.exploitation), ()
    )
"""
_TREND = """
    SELECT date_trunc('quarter', r.received_on), r.age_at_exploitation, count(*)
    FROM referrals_referral r
    WHERE r.received_on BETWEEN %(since)s AND %(last)s AND r.basis <> 'notified'
    GROUP BY 1, 2
"""
_DECISIONS = """
    SELECT d.stage, d.outcome, r.age_at_exploitation, count(*)
    FROM referrals_decision d JOIN referrals_referral r ON r.id = d.referral_id
    WHERE d.decided_on BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2, 3
"""


def last_quarter(at: datetime) -> Quarter:
    return Quarter.of(at.date()).previous()


def compare_sql(findings: Findings, at: datetime, rounds: int) -> None:
    quarter = last_quarter(at)
    since = quarter
    for _earlier in range(TREND - 1):
        since = since.previous()
    days = {"first": quarter.first, "last": quarter.last, "since": since.first}

    def by_hand() -> Cost:
        found = [cost_of(sql, days) for sql in (_TABLES, _TREND, _DECISIONS)]
        return Cost(tuple(each for one in found for each in one.statements))

    found = compare(
        lambda: cost(lambda: figures(quarter)).milliseconds,
        lambda: by_hand().milliseconds,
        rounds=rounds,
    )
    findings.bar(
        "Report: SQL ÷ one GROUPING SETS",
        found.ratio,
        most=1.5,
        how=f"{figures(quarter).total:,} referrals in the quarter, every table, the trend and the "
        f"decisions on both sides: {found} in the server, median of {rounds} rounds",
    )


def compare_pdf(findings: Findings, at: datetime, rounds: int) -> None:
    report = QuarterlyReport(last_quarter(at), internal=True)
    context = report.context(at=at)
    pages: list[str] = []

    def note(template: str, values: Any) -> str:
        pages.append(render_to_string(template, values))
        return pages[-1]

    # The very HTML that becomes the PDF, taken where our code hands it over.
    before, pdf.render_to_string = pdf.render_to_string, note
    try:
        formats.to_pdf(context, report.print_template)
    finally:
        pdf.render_to_string = before
    html = pages[0]

    def bare() -> None:
        fetcher = pdf._fetcher_class()()
        document = weasyprint.HTML(string=html, base_url="document:", url_fetcher=fetcher)
        document.write_pdf(pdf_variant="pdf/ua-1")

    found = compare(
        lambda: formats.to_pdf(context, report.print_template),
        bare,
        rounds=rounds,
        clock=time.process_time,
    )
    findings.bar(
        "Report: PDF ÷ bare WeasyPrint on the same HTML",
        found.ratio,
        most=1.1,
        how=f"from the context to the bytes, {len(html) // 1000} kB of HTML: {found} of the "
        f"processor, median of {rounds} rounds",
    )
