-- Who is not active: few among many, and asked for by whoever cleans up.
CREATE INDEX resource_inactive ON resource(scope, kind, id) WHERE NOT active;
