//! Options: each is read back, and those with an effect show it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use heist::net::UdpSocket;

use super::{bound, soon};
use crate::support::on_every_runtime;

#[test]
fn options_are_read_back() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = bound().await;
            assert!(!socket.broadcast().unwrap());
            socket.set_broadcast(true).unwrap();
            assert!(socket.broadcast().unwrap());
            socket.set_ttl(17).unwrap();
            assert_eq!(socket.ttl().unwrap(), 17);
            socket.set_multicast_ttl_v4(3).unwrap();
            assert_eq!(socket.multicast_ttl_v4().unwrap(), 3);
            socket.set_multicast_loop_v4(false).unwrap();
            assert!(!socket.multicast_loop_v4().unwrap());
            assert!(socket.take_error().unwrap().is_none());
        });
    });
}

/// Loopback only: the group is joined on the interface of 127.0.0.1 and heard there.
#[test]
fn a_multicast_group_is_heard_while_it_is_joined() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let group = Ipv4Addr::new(239, 255, 77, 1);
            let member = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
            let to = SocketAddr::from((group, member.local_addr().unwrap().port()));
            let sender = bound().await;
            socket2::SockRef::from(&sender).set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
            member.join_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
            let error = member.join_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
            sender.send_to(b"to all", to).await.unwrap();
            let mut buf = [0; 16];
            let (count, from) = soon("the group", member.recv_from(&mut buf)).await.unwrap();
            assert_eq!((count, from), (6, sender.local_addr().unwrap()));
            member.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
            assert!(member.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).is_err());
            // Nobody on this machine is a member: what is sent now is not heard, what is sent to us is.
            sender.send_to(b"to nobody", to).await.unwrap();
            let direct = SocketAddr::from((Ipv4Addr::LOCALHOST, to.port()));
            sender.send_to(b"to you", direct).await.unwrap();
            let (count, _) = soon("the direct one", member.recv_from(&mut buf)).await.unwrap();
            assert_eq!(&buf[..count], b"to you");
        });
    });
}

#[test]
fn ipv6_groups_are_joined_where_the_machine_speaks_it() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = match UdpSocket::bind("[::1]:0").await {
                Ok(socket) => socket,
                Err(error) => {
                    return crate::support::loud(&format!("SKIPPED: no IPv6 loopback here: {error}"));
                }
            };
            let group = "ff01::114".parse().unwrap();
            // The loopback's index on every system that these tests run on.
            socket.join_multicast_v6(&group, 1).unwrap();
            socket.leave_multicast_v6(&group, 1).unwrap();
            assert!(socket.leave_multicast_v6(&group, 1).is_err());
            socket.set_multicast_loop_v6(false).unwrap();
            assert!(!socket.multicast_loop_v6().unwrap());
        });
    });
}

#[test]
fn a_broadcast_needs_permission() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let socket = bound().await;
            let to = SocketAddr::from((Ipv4Addr::BROADCAST, 9));
            let error = socket.send_to(b"x", to).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        });
    });
}
