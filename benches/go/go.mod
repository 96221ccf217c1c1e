module heist/benches

go 1.19
