//// component
{{identifier}} = Number({{"name"}}, 0, min=0, max=100, step=1)
//// handler


@{{identifier}}.changed
def use_{{identifier}}(number):
    print("{{name}}:", number.value)
