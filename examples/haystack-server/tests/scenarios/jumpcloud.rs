//! JumpCloud tests a connection by making a person and a group, and deleting both.

use crate::world::World;
use idp_simulator::Profile;

#[tokio::test]
async fn the_test_person_of_jumpcloud_leaves_nothing_and_can_come_again() {
    let world = World::new().await;
    let mut jumpcloud = world.provider(Profile::JumpCloud);
    for _ in 0..3 {
        jumpcloud.test_connector().await.unwrap();
        assert_eq!((world.total("/Users").await, world.total("/Groups").await), (0, 0));
    }
    let (status, list) = world.ask("GET", "/Users?filter=userName%20eq%20%22test.user%40acme.example%22", "").await;
    assert_eq!((status, list["totalResults"].as_u64()), (200, Some(0)), "no tombstone is shown");
    assert!(world.engine.sign_in("acme", "test.user@acme.example").await.is_err());
    assert_eq!(world.welcomes().await, 0, "as the workspace is set up, nobody who never signed in is written to");
}
