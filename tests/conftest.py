"""Every test may use the fixtures that users have."""

pytest_plugins = ["csp_gateway.testing.fixtures"]
