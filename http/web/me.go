package web

import "careconnect/http/reply"

// clientRoutes are the pages of a client.
func (p *Pages) clientRoutes() []reply.Route { return nil }
