"""The routes: thin. What they need is on `request.app.state.gateway`, built in `api_gateway.dependencies`."""
