"""What is written down and said about one night."""

from dataclasses import dataclass

from seamline_platform.demand.job import ForecastReport


@dataclass(frozen=True, slots=True)
class NightReport:
    """One night: who was asked, how it went, what corrected it, how days were added, orders."""

    model_id: str
    report: ForecastReport
    residuals: int
    aggregation: str
    orders: int

    def words(self) -> tuple[str, str]:
        """Return the night in a sentence, in English and in Chinese."""
        report = self.report
        if report.status != "ok":
            return report.note, report.note_zh
        how, how_zh = ("trained", "已训练") if report.trained else ("kept state", "沿用已训练状态")
        note = (
            f"{report.series} series by {report.model} ({self.model_id}, {how}) in "
            f"{report.seconds:.1f} s; {self.orders} replenishment orders"
        )
        note_zh = (
            f"{report.model}（{self.model_id}，{how_zh}）在 {report.seconds:.1f} 秒内预测 "
            f"{report.series} 条序列；生成 {self.orders} 张补货单"
        )
        if self.residuals:
            note += f"; quantiles corrected by {self.residuals} residuals of earlier nights"
            note_zh += f"；按前几夜 {self.residuals} 个残差校正分位数"
        if report.note:
            note, note_zh = f"{note}. {report.note}", f"{note_zh}。{report.note_zh}"
        return note, note_zh

    def row(self) -> dict[str, object]:
        """Return the row of `forecast_nights`, without its times."""
        report = self.report
        note, note_zh = self.words()
        return {
            "model_id": self.model_id,
            "asked": report.asked,
            "model": report.model,
            "status": report.status,
            "trained": report.trained,
            "seconds": report.seconds,
            "cpu_seconds": report.cpu_seconds,
            "rss_mb": report.rss_mb,
            "series": report.series,
            "rows": report.rows,
            "data_hash": report.data_hash,
            "residuals": self.residuals,
            "aggregation": self.aggregation,
            "note": note,
            "note_zh": note_zh,
        }
