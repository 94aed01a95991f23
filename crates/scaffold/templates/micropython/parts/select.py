//// component
{{identifier}} = Select({{"name"}}, ("Off", "Slow", "Fast"))
//// handler


@{{identifier}}.changed
def use_{{identifier}}(select):
    print("{{name}}:", select.value)
