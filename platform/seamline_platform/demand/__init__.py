"""The demand brain: forecasts of sales per SKU and region, as quantiles, and how good they were."""
