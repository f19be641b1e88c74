//! The stories of the product, told from outside: one file per story under `tests/journeys`, each run with the real
//! executable as one process and as a cluster of seven roles with two replicas each, on a real NATS server and a real
//! PostgreSQL.
