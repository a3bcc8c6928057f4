"""The outside world of signing in: whoever sends messages to phones, and WeChat. Ports, and what stands behind them."""
