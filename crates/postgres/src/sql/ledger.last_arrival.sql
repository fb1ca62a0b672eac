SELECT greatest((SELECT max(last_arrival) FROM projects), (SELECT number FROM meta WHERE key = 'last_arrival'), 0)
