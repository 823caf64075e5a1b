# 政府采购评审专家抽取 · expert-draw
.PHONY: demo test lint bench clean

# 演示：编译发布版，建新数据目录，经 HTTP 接口完成一次异地抽取，核验，然后提供服务。
# Demo. `make demo ARGS=--no-serve` ends after the verdict; `make demo ARGS="--experts 100000"` is larger.
demo:
	cargo build --release --locked
	rm -rf demo-data
	./target/release/expert-draw demo --data demo-data $(ARGS)

# 测试：准备所需（PostgreSQL 私有集群等），在两种数据库上运行全部测试。
test:
	tools/test

lint:
	tools/lint

# 性能：并发抽取与裸插入对照，两种数据库。
bench:
	tools/bench

clean:
	cargo clean
	rm -rf demo-data .tools
