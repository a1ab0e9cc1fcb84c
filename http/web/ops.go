package web

import "careconnect/http/reply"

// careTeamRoutes are the pages.
func (p *Pages) careTeamRoutes() []reply.Route { return nil }
