//! The part of the command line that says who may ask: tokens, secrets of clients, trusted issuers.

use super::{DatabaseArg, ListArgs};
use crate::commands;
use crate::key_source::Networks;
use clap::{Args, Subcommand};
use scimstack_server::TokenScopes;

/// `token …`
#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Make a token and print it, this once.
    Create {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The connection.
        #[arg(long, default_value = "default")]
        connection: String,
        /// For people.
        #[arg(long, default_value = "")]
        label: String,
        /// When it ends: 90d, 12h, 30m, 45s. Never, without it.
        #[arg(long, value_parser = commands::token::seconds)]
        expires: Option<i64>,
        /// What it may be used for, of read, write, users and groups, with commas between. Everything, without it.
        #[arg(long, default_value = "", hide_default_value = true)]
        scope: TokenScopes,
        /// The id of the user that /Me is for requests with it. Without it there is no /Me.
        #[arg(long)]
        user: Option<String>,
        /// Make the secret of an OAuth client instead, which gets access tokens for it: the client's id is
        /// TENANT.CONNECTION, the token endpoint /oauth2/token.
        #[arg(long)]
        client_secret: bool,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Tokens, a line each; never their secrets.
    List(ListArgs),
    /// Revoke a token.
    Revoke {
        /// Its id, from `token list`.
        id: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}

/// Where the keys of trusted issuers may be fetched from.
#[derive(Args, Clone, Copy, Debug)]
pub struct IssuerNetworks {
    /// Let the keys of trusted issuers be fetched from this machine and from private networks, too: for an identity provider
    /// inside of yours. Without it their addresses are of the public internet only, because administrators of a workspace
    /// enter them and the server goes there
    #[arg(long, env = "HAYSTACK_ISSUERS_ON_PRIVATE_NETWORKS")]
    pub issuers_on_private_networks: bool,
}

impl IssuerNetworks {
    pub(crate) fn networks(self) -> Networks {
        if self.issuers_on_private_networks { Networks::PrivateToo } else { Networks::Public }
    }
}

/// `issuer …`
#[derive(Subcommand, Debug)]
pub enum IssuerCommand {
    /// Trust an issuer and print the id of that trust: its tokens are good as bearer tokens, and as assertions of the
    /// client TENANT.CONNECTION at the token endpoint.
    Add {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// The connection.
        #[arg(long, default_value = "default")]
        connection: String,
        /// The "iss" of its tokens, exactly.
        #[arg(long)]
        issuer: String,
        /// The "aud" of its tokens.
        #[arg(long)]
        audience: String,
        /// The "sub" of its tokens. Without it anyone's token is good that the issuer gives for this audience.
        #[arg(long)]
        subject: Option<String>,
        /// Where its JSON Web Key Set is: an https URL, or a file on this machine.
        #[arg(long)]
        keys: String,
        /// What its tokens may be used for, of read, write, users and groups, with commas between. Everything, without it.
        #[arg(long, default_value = "", hide_default_value = true)]
        scope: TokenScopes,
        /// Where the keys may be.
        #[command(flatten)]
        networks: IssuerNetworks,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
    /// Trusted issuers, a line each.
    List(ListArgs),
    /// Trust an issuer no more.
    Remove {
        /// Its id, from `issuer list`.
        id: String,
        /// The database.
        #[command(flatten)]
        database: DatabaseArg,
    },
}
