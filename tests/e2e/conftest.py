import sys

# pjsua2-python has no wheel for Python 3.13; baresip plays the agent in every other file.
collect_ignore = ["test_pjsua.py"] if sys.version_info >= (3, 13) else []
