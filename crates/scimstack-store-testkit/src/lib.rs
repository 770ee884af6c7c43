//! What every scimstack store must do, as a kit of checks
