import asyncio, sys, tempfile, time, importlib
from pathlib import Path
from benchmarks.chaos.trial import Ground
from tests.contracts.postgres import cluster
def main():
    name=sys.argv[1]; kw=eval("dict("+(sys.argv[3] if len(sys.argv)>3 else "")+")")
    fn=getattr(importlib.import_module("benchmarks.chaos."+name), sys.argv[4] if len(sys.argv)>4 else name)
    with tempfile.TemporaryDirectory() as f, cluster() as pg:
        for db in sys.argv[2].split(","):
            t=time.time()
            g=Ground(Path(f)/(db or "none"), db, pg); g.folder.mkdir()
            print(db, asyncio.run(fn(g, **kw)), round(time.time()-t,1), flush=True)
if __name__ == "__main__":
    main()
