package web

import "careconnect/http/reply"

// providerRoutes are the pages.
func (p *Pages) providerRoutes() []reply.Route { return nil }
