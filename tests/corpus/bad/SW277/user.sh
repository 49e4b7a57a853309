#!/user/bin/env bash
date
