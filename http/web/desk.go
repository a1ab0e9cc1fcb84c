package web

import "careconnect/http/reply"

// deskRoutes are the pages.
func (p *Pages) deskRoutes() []reply.Route { return nil }
