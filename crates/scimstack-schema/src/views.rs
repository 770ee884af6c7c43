//! Typed views of the well-known resources, for code that wants fields: [`User`], [`Group`], [`EnterpriseUser`],
//! [`HaystackUser`]. They convert from and to documents without losing what they do not know.
