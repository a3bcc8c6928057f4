"""The providers behind the port: WeChat Pay v3, bank transfer, and a sandbox for development."""
