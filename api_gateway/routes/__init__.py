"""The routes: thin. Everything they need is on `request.app.state.gateway`, built in `api_gateway.gateway`."""
